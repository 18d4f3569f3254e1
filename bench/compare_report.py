"""The tables of compare.py."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What each measurement is, and its figures with the unit they are shown in.
TITLES: dict[str, tuple[str, dict[str, str]]] = {
    "load": ("Loading", {"import": "ms", "load": "ms", "again": "ms"}),
    "first": ("First encode of one sentence after loading", {"first": "us", "second": "us"}),
    "cold": (
        "Cold start: load and encode in a fresh process, import apart",
        {"import": "ms", "total": "ms"},
    ),
    "batch": ("Batch into arrays", {"cold": "MB/s", "warm": "MB/s"}),
    "lists": ("Batch into lists", {"cold": "MB/s", "warm": "MB/s"}),
    "numpy": ("One document a call, into an array", {"cold": "MB/s", "warm": "MB/s"}),
    "list": ("One document a call, into a list", {"cold": "MB/s", "warm": "MB/s"}),
    "short": ("A text of 44 bytes", {"list": "ns", "array": "ns"}),
    "decode": ("Decoding to str, one document a call", {"list": "MB/s", "array": "MB/s"}),
    "count": ("Counting", {"one": "MB/s", "batch": "MB/s"}),
    "pattern": ("A pattern nobody has published, into arrays", {"cold": "MB/s", "warm": "MB/s"}),
    "threads": ("Threads, batch into arrays", {"cold": "MB/s", "warm": "MB/s"}),
    "memory": (
        "Peak memory",
        {"texts": "MB", "loaded": "MB", "once": "MB", "again": "MB"},
    ),
}
UNITS = {"ms": 1e3, "us": 1e6, "ns": 1e9, "MB": 1e-6}


def record(
    task: Any, runs: dict[str, list[dict[str, Any]]], bases: dict[str, str]
) -> dict[str, Any]:
    """The figures of a measurement, for all libraries."""
    libraries: dict[str, dict[str, Any]] = {}
    size = documents = 0
    for name, rounds in runs.items():
        error = next((run["error"] for run in rounds if "error" in run), None)
        if error:
            libraries[name] = {"error": error}
            continue
        size, documents = rounds[0]["bytes"], rounds[0]["documents"]
        base = runs.get(bases[name], [])
        one: dict[str, Any] = {"against": bases[name], "figures": {}}
        for key in rounds[0]["figures"]:
            values = [run["figures"][key] for run in rounds]
            figure: dict[str, Any] = {"rounds": values}
            figure |= {"median": statistics.median(values), "best": min(values)}
            if base and all("figures" in run for run in base):
                theirs = [run["figures"][key] for run in base]
                ratios = [value / other for value, other in zip(values, theirs, strict=True)]
                figure["ratio"] = {
                    "median": statistics.median(ratios),
                    "best": min(values) / min(theirs),
                }
            one["figures"][key] = figure
        one["peak"] = max(run["peak"] for run in rounds)
        one["note"] = rounds[0].get("note", "")
        one["different"] = max((run.get("different", 0) for run in rounds), default=0)
        libraries[name] = one
    return {
        "measure": task.measure,
        "variant": task.variant,
        "text": Path(task.text).name,
        "bytes": size,
        "documents": documents,
        "libraries": libraries,
    }


def shown(value: float, unit: str, size: int) -> str:
    """A figure in its unit, three digits long at least."""
    value = size / value / 1e6 if unit == "MB/s" else value * UNITS[unit]
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def remark(one: dict[str, Any], row: dict[str, Any]) -> str:
    """What is to be said beside the figures of a library."""
    if "error" in one:
        # A pattern in a message must not end the cell.
        text = str(one["error"]).replace("|", "\\|")
        return text if len(text) <= 100 else text[:100] + "…"
    parts = [one["note"]] if one["note"] else []
    if one["different"]:
        parts.append(f"**wrong: {one['different']} of {row['documents']} documents differ**")
    return "; ".join(parts)


def cell(one: dict[str, Any], key: str, unit: str, size: int, of: str) -> tuple[str, str]:
    """A figure, marked if the library is wrong, and its ratio."""
    if "error" in one:
        return "", ""
    figure = one["figures"][key]
    value = shown(figure[of], unit, size) + " (wrong)" * bool(one["different"])
    return value, f"{figure['ratio'][of]:.2f}" if "ratio" in figure else ""


def lines(facts: dict[str, Any], rows: list[dict[str, Any]], of: str) -> Iterator[str]:
    """The report, as Markdown; `of` is "median" or "best"."""
    machine = facts["machine"]
    yield f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}"
    yield ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    for name, reason in facts["skipped"].items():
        yield f"{name}: skipped: {reason}"
    yield "`" + " ".join(facts["command"]) + "`"
    loads = ", ".join(f"{machine[key]:.1f}" for key in ("load_before", "load_after"))
    yield f"load average before and after: {loads}"
    how = {
        "median": "Medians of the rounds; × is the median of the ratios to bpekit in each round",
        "best": "The best of the rounds; × is the ratio to the best of bpekit",
    }
    yield f"\n{how[of]}, in time or memory: over 1, bpekit is better."
    last = ""
    for row in rows:
        title, units = TITLES[row["measure"]]
        if row["measure"] != last:
            last = row["measure"]
            yield f"\n## {title}"
        if row["text"]:
            parts = ", ".join(filter(None, (row["variant"], row["text"])))
            size = f"{row['bytes'] / 1e6:.1f} MB in {row['documents']:,} documents"
            yield f"\n{parts}: {size}, compared with {row['compared_with']}"
        heads = " | ".join(f"{key}, {unit} | ×" for key, unit in units.items())
        yield f"\n| library | {heads} | peak MB | remark |"
        yield "|" + "---|" * (2 * len(units) + 3)
        for name, one in row["libraries"].items():
            cells = [part for pair in units.items() for part in cell(one, *pair, row["bytes"], of)]
            cells.append(shown(one["peak"], "MB", 0) if "peak" in one else "")
            yield f"| {name} | {' | '.join(cells)} | {remark(one, row)} |"
    yield from summary(rows, of)


def summary(rows: list[dict[str, Any]], of: str) -> Iterator[str]:
    """All figures in one table, a column for each library, the ratio behind the figure."""
    names = list(dict.fromkeys(name for row in rows for name in row["libraries"]))
    yield "\n## Summary"
    yield f"\n| measurement | text | figure | {' | '.join(names)} |"
    yield "|" + "---|" * (len(names) + 3)
    for row in rows:
        measure = " ".join(filter(None, (row["measure"], row["variant"])))
        for key, unit in TITLES[row["measure"]][1].items():
            cells = []
            for name in names:
                one = row["libraries"][name]
                value, ratio = cell(one, key, unit, row["bytes"], of)
                other = ratio and one["against"] != name
                cells.append(f"{value} ({ratio})" if other else value or "—")
            yield f"| {measure} | {row['text']} | {key}, {unit} | {' | '.join(cells)} |"
