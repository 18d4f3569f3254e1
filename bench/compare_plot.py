"""The plot of compare.py: for each text a panel, for each library two bars, cold and warm."""

from __future__ import annotations

import math
from html import escape
from typing import Any

# No custom properties: not every program that shows pictures knows them.
STYLE = """\
  text { font: 12px system-ui, sans-serif; fill: #59636e; }
  .head { font-size: 16px; font-weight: 600; }
  .panel { font-size: 13px; font-weight: 600; }
  .head, .panel, .key { fill: #1f2328; }
  .back { fill: #ffffff; }
  .grid { stroke: #d9dee3; }
  .axis { stroke: #59636e; }
  .warm { fill: #0969da; }
  .cold { fill: #9ec5f0; }
  .wrong { fill: #cf222e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .head, .panel, .key { fill: #f0f6fc; }
    .back { fill: #0d1117; }
    .grid { stroke: #2b323b; }
    .axis { stroke: #9198a1; }
    .warm { fill: #58a6ff; }
    .cold { fill: #2c5282; }
    .wrong { fill: #ff7b72; }
  }
"""
COLUMNS = 3
PANEL, LABELS, PLOT = 380, 104, 220
ROW, TOP, FOOT = 30, 92, 56


def nice_step(rough: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def plot(records: list[dict[str, Any]], of: str) -> str:
    """Throughput of the measurement `batch`; all panels have one scale.

    `of` is "median" or "best".
    """
    rows = [row for row in records if row["measure"] == "batch"]
    if not rows:
        raise SystemExit("the plot shows the measurement `batch`, which was not made")
    names = list(dict.fromkeys(name for row in rows for name in row["libraries"]))
    speeds = [
        row["bytes"] / figure[of] / 1e6
        for row in rows
        for one in row["libraries"].values()
        for figure in one.get("figures", {}).values()
    ]
    step = nice_step(max(speeds, default=1.0) / 4)
    # A bar that ends at the very edge leaves its number no room.
    high = step * math.ceil(max(speeds, default=1.0) / step)
    scale = PLOT / high
    columns = min(COLUMNS, len(rows))
    panel_height = len(names) * ROW + FOOT + 24
    # The legend needs more than one panel.
    width = max(columns * PANEL, 440) + 24
    height = TOP + math.ceil(len(rows) / columns) * panel_height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>Encoding batches into arrays</title>\n<style>\n{STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
        '<text class="head" x="24" y="28">Encoding batches into arrays, MB/s</text>',
        '<rect class="cold" x="24" y="42" width="12" height="12"/>',
        '<text class="key" x="42" y="52">cold: first pass in a fresh process</text>',
        '<rect class="warm" x="264" y="42" width="12" height="12"/>',
        '<text class="key" x="282" y="52">warm: best of later passes</text>',
        '<text class="key" x="24" y="70">* gives lists: it has no call for arrays</text>',
    ]
    for number, row in enumerate(rows):
        left = 24 + number % columns * PANEL + LABELS
        top = TOP + number // columns * panel_height + 24
        parts += panel(row, names, left, top, scale, step, high, of)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(
    row: dict[str, Any],
    names: list[str],
    left: int,
    top: int,
    scale: float,
    step: float,
    high: float,
    of: str,
) -> list[str]:
    """The bars of one text."""
    bottom = top + len(names) * ROW
    size = f"{row['bytes'] / 1e6:.1f} MB"
    parts = [f'<text class="panel" x="{left}" y="{top - 8}">{escape(row["text"])}, {size}</text>']
    for tick in range(round(high / step) + 1):
        x = left + tick * step * scale
        parts.append(
            f'<path class="grid" d="M{x:.1f} {top}V{bottom}"/>'
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick * step:g}</text>'
        )
    parts.append(f'<path class="axis" d="M{left} {top}V{bottom}"/>')
    middle = left + PLOT / 2
    parts.append(f'<text x="{middle}" y="{bottom + 34}" text-anchor="middle">MB/s</text>')
    for number, name in enumerate(names):
        y = top + number * ROW
        one = row["libraries"].get(name, {})
        kind = "key" if name.startswith("bpekit") else "name"
        label = escape(name) + " *" * bool(one.get("note"))
        parts.append(
            f'<text class="{kind}" x="{left - 8}" y="{y + 19}" text-anchor="end">{label}</text>'
        )
        if "figures" not in one:
            parts.append(f'<text x="{left + 6}" y="{y + 19}">no figure</text>')
            continue
        for offset, key in ((4, "cold"), (15, "warm")):
            speed = row["bytes"] / one["figures"][key][of] / 1e6
            end = left + speed * scale
            number_shown = f"{speed:.0f}" if speed >= 10 else f"{speed:.1f}"
            wrong = ' <tspan class="wrong">wrong</tspan>' if one["different"] else ""
            parts.append(
                f'<rect class="{key}" x="{left}" y="{y + offset}" width="{end - left:.1f}" '
                'height="10"/>'
                f'<text x="{end + 4:.1f}" y="{y + offset + 9}" style="font-size:10px">'
                f"{number_shown}{wrong}</text>"
            )
    return parts
