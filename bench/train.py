#!/usr/bin/env python3
"""Compare training with gigabpe, rustbpe and tokenizers, or measure how it grows.

Every run is a process of its own, from the file to the tokenizer: reading, counting, merging and
building. The libraries take turns, so that what else the machine does hits all of them; of each
the median of N rounds counts, and its peak memory. Before anything is timed, the merges are
compared: with gigabpe and tokenizers, which take each line of a file for a text, in the order of
tokenizers; with rustbpe in the order of bytes, on the same texts.

    python bench/train.py compare --text FILE --vocab-size 32000
    python bench/train.py growth --text FILE --json growth.json --svg growth.svg
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATTERNS = ("gpt2", "cl100k", "o200k")


def run_bpekit(text: Path, vocab_size: int, pattern: str, **options: Any) -> Any:
    """Train with bpekit."""
    import bpekit

    return bpekit.train(text, vocab_size, pattern=pattern, **options)


def run_gigabpe(text: Path, vocab_size: int) -> list[tuple[str, str]]:
    """Train with gigabpe, which has the GPT-2 pattern alone."""
    import gigabpe

    return gigabpe.train_bpe([str(text)], vocab_size, pretokenizer="bytelevel")[1]


def run_rustbpe(text: Path, vocab_size: int) -> Any:
    """Train with rustbpe, with its own pattern."""
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(documents(text), vocab_size)
    return tokenizer


def documents(text: Path) -> Iterator[str]:
    """Cut a file at line ends into texts, of which rustbpe counts several at once."""
    with text.open(encoding="utf-8", newline="") as file:
        while lines := file.readlines(1 << 16):
            yield "".join(lines)


def run_tokenizers(text: Path, vocab_size: int) -> Any:
    """Train with tokenizers, with the GPT-2 pattern."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train([str(text)], trainer)
    return tokenizer


def child(library: str, text: Path, vocab_size: int, threads: int | None) -> dict[str, float]:
    """Train once; import time does not count."""
    name, _, pattern = library.partition("/")
    __import__(name)
    start = time.perf_counter()
    if name == "bpekit":
        result = run_bpekit(text, vocab_size, pattern, num_threads=threads)
    elif name == "gigabpe":
        result = run_gigabpe(text, vocab_size)
    elif name == "rustbpe":
        result = run_rustbpe(text, vocab_size)
    else:
        result = run_tokenizers(text, vocab_size)
    seconds = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    del result
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss / 1024}


def in_process(
    library: str, text: Path, vocab_size: int, threads: int | None = None
) -> dict[str, float]:
    """One run, in a process of its own."""
    command = [sys.executable, __file__, "child", library, str(text), str(vocab_size)]
    if threads:
        command.append(str(threads))
    # A child's peak memory starts from its parent's where it is forked: this process stays small.
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def merges_of(tokenizer: Any) -> list[tuple[str, str]]:
    """The merges of a bpekit tokenizer in the byte alphabet, as its tokenizer.json has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        tokenizer.save(path)
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
    return [
        tuple(merge) if isinstance(merge, list) else tuple(merge.split(" "))
        for merge in model["merges"]
    ]


def check(libraries: list[str], text: Path, vocab_size: int) -> None:
    """Fail unless all libraries learn the same merges."""
    import bpekit

    by_line = None
    for name in {library.partition("/")[0] for library in libraries} - {"bpekit"}:
        if name == "rustbpe":
            theirs = run_rustbpe(text, vocab_size)
            ours = bpekit.train(documents(text), vocab_size, pattern=theirs.get_pattern())
            ranks = [bytes(token) for token, _ in theirs.get_mergeable_ranks()]
            same = ranks == [token for token, _ in ours.get_mergeable_ranks()]
        else:
            by_line = by_line or merges_of(
                run_bpekit(text, vocab_size, "gpt2", order="hf", lines=True)
            )
            if name == "gigabpe":
                merges = [tuple(merge) for merge in run_gigabpe(text, vocab_size)]
            else:
                model = json.loads(run_tokenizers(text, vocab_size).to_str())["model"]
                merges = [tuple(merge) for merge in model["merges"]]
            # gigabpe makes more merges for the same size: bytes that the text lacks have no id.
            shorter = min(len(merges), len(by_line))
            same = merges[:shorter] == by_line[:shorter]
        if not same:
            sys.exit(f"{name} learns other merges than bpekit")
        print(f"{name}: the same merges", file=sys.stderr)


def compare(arguments: argparse.Namespace) -> int:
    """Time all libraries in turn."""
    names = arguments.libraries.split(",")
    libraries = [f"bpekit/{pattern}" for pattern in PATTERNS] + names
    if not arguments.no_check:
        # In a process of its own, so that this one stays small.
        facts = [arguments.libraries, str(arguments.text), str(arguments.vocab_size)]
        subprocess.run([sys.executable, __file__, "check", *facts], check=True)
    runs: dict[str, list[dict[str, float]]] = {library: [] for library in libraries}
    for number in range(arguments.rounds):
        for library in libraries[number % len(libraries) :] + libraries[: number % len(libraries)]:
            runs[library].append(in_process(library, arguments.text, arguments.vocab_size))
    size = arguments.text.stat().st_size / 1e6
    title = f"{arguments.text.name}: {size:.1f} MB, vocab {arguments.vocab_size}"
    print(f"{title}, {os.cpu_count()} cores")
    print("| library | seconds | MB/s | times bpekit/gpt2 | peak MB |")
    print("|---|---|---|---|---|")
    result = {}
    for library in libraries:
        seconds = statistics.median(run["seconds"] for run in runs[library])
        peak = max(run["peak_mb"] for run in runs[library])
        ratios = [
            run["seconds"] / ours["seconds"]
            for run, ours in zip(runs[library], runs["bpekit/gpt2"], strict=True)
        ]
        ratio = statistics.median(ratios)
        print(f"| {library} | {seconds:.3f} | {size / seconds:.0f} | {ratio:.2f} | {peak:.0f} |")
        result[library] = {"seconds": seconds, "ratio": ratio, "peak_mb": peak}
    if arguments.json:
        facts = {"text": arguments.text.name, "mb": size, "vocab_size": arguments.vocab_size}
        facts |= {"machine": platform.processor() or platform.machine(), "runs": result}
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


SIZES = (1, 4, 16)
VOCABS = (8_000, 32_000, 64_000, 128_000, 256_000)


def growth(arguments: argparse.Namespace) -> int:
    """Time and memory against the size of the text and of the vocab."""
    text = arguments.text.read_bytes()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for parts in SIZES:
            path = Path(folder) / f"{parts}.txt"
            part = text[: len(text) * parts // SIZES[-1]]
            path.write_bytes(part[: part.rfind(b"\n") + 1] or part)
            for vocab_size in VOCABS:
                runs = [
                    in_process("bpekit/o200k", path, vocab_size) for _ in range(arguments.rounds)
                ]
                row = {
                    "mb": path.stat().st_size / 1e6,
                    "vocab_size": vocab_size,
                    "seconds": statistics.median(run["seconds"] for run in runs),
                    "peak_mb": max(run["peak_mb"] for run in runs),
                }
                rows.append(row)
                print(row, file=sys.stderr)
    print("| text, MB | vocab | seconds | peak MB |")
    print("|---|---|---|---|")
    for row in rows:
        seconds, peak = f"{row['seconds']:.2f}", f"{row['peak_mb']:.0f}"
        print(f"| {row['mb']:.1f} | {row['vocab_size']} | {seconds} | {peak} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if arguments.svg:
        arguments.svg.write_text(plot(rows), encoding="utf-8")
    return 0


def plot(rows: list[dict[str, float]]) -> str:
    """Two charts side by side: seconds and megabytes against the vocab, a line for each text."""
    import math

    colours = ("#2a78d6", "#1baa72", "#d65f2a")
    width, height, left, top, bottom = 380, 300, 60, 40, 50
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 330" font-family="sans-serif" '
        'font-size="12">',
        "<style>text{fill:#222}.axis{stroke:#888;fill:none}.grid{stroke:#ddd}"
        ".ground{fill:#fff}@media (prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}"
        ".ground{fill:#1b1b1b}}</style>",
        '<rect class="ground" width="800" height="330"/>',
    ]
    x_low, x_high = math.log10(VOCABS[0]), math.log10(VOCABS[-1])
    for column, (key, title) in enumerate((("seconds", "seconds"), ("peak_mb", "peak memory, MB"))):
        offset = column * 400
        high = max(row[key] for row in rows) * 1.05

        def x_of(vocab: float, offset: float = offset) -> float:
            share = (math.log10(vocab) - x_low) / (x_high - x_low)
            return offset + left + share * (width - left - 20)

        def y_of(value: float, high: float = high) -> float:
            return top + (1 - value / high) * (height - top - bottom)

        parts.append(f'<text x="{offset + left}" y="20" font-weight="bold">{title}</text>')
        step = 10 ** math.floor(math.log10(high / 3))
        step *= next(factor for factor in (1, 2, 5, 10) if high / (step * factor) <= 6)
        for number in itertools.count():
            value = number * step
            if value > high:
                break
            y = y_of(value)
            parts.append(
                f'<line class="grid" x1="{offset + left}" x2="{offset + width - 20}" '
                f'y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{offset + left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        for vocab in VOCABS:
            parts.append(
                f'<text x="{x_of(vocab):.1f}" y="{height - bottom + 18}" '
                f'text-anchor="middle">{vocab // 1000}k</text>'
            )
        parts.append(
            f'<text x="{offset + left + 140}" y="{height - bottom + 38}" '
            'text-anchor="middle">vocab size</text>'
        )
        for colour, size in zip(colours, sorted({row["mb"] for row in rows}), strict=True):
            line = [row for row in rows if row["mb"] == size]
            points = " ".join(f"{x_of(row['vocab_size']):.1f},{y_of(row[key]):.1f}" for row in line)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
    for number, (colour, size) in enumerate(
        zip(colours, sorted({row["mb"] for row in rows}), strict=True)
    ):
        x = 70 + number * 140
        parts.append(
            f'<rect x="{x}" y="308" width="12" height="12" fill="{colour}"/>'
            f'<text x="{x + 18}" y="318">{size:.1f} MB of text</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("child")
    one.add_argument("library")
    one.add_argument("text", type=Path)
    one.add_argument("vocab_size", type=int)
    one.add_argument("threads", type=int, nargs="?")
    one = commands.add_parser("check")
    one.add_argument("libraries")
    one.add_argument("text", type=Path)
    one.add_argument("vocab_size", type=int)
    for name in ("compare", "growth"):
        command = commands.add_parser(name)
        command.add_argument("--text", type=Path, required=True, help="a UTF-8 file")
        command.add_argument("--rounds", type=int, default=5, help="median of so many (default 5)")
        command.add_argument("--json", type=Path, help="write the figures there")
        if name == "growth":
            command.add_argument("--svg", type=Path, help="write a plot there")
            continue
        command.add_argument("--vocab-size", type=int, default=32_000)
        command.add_argument("--no-check", action="store_true", help="do not compare the merges")
        command.add_argument(
            "--libraries", default="gigabpe,rustbpe,tokenizers", help="the others, by name"
        )
    arguments = parser.parse_args()
    if arguments.command == "child":
        facts = child(arguments.library, arguments.text, arguments.vocab_size, arguments.threads)
        print(json.dumps(facts))
        return 0
    if arguments.command == "check":
        check(arguments.libraries.split(","), arguments.text, arguments.vocab_size)
        return 0
    return compare(arguments) if arguments.command == "compare" else growth(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
