#!/usr/bin/env python3
"""Compare bpekit with the other tokenizers that are installed, on any texts.

Every measurement of every library is a process of its own. The libraries take turns over several
rounds; of each the median of its rounds is shown, and the median of the ratios that each round
gives, or with `--best` the best round of each. `cold` is the first pass in a fresh process after
loading, `warm` the best of later ones. All must give the ids that tiktoken gives, document by
document, or bpekit where tiktoken cannot: a library that does not is shown all the same, as wrong.

    python bench/compare.py --vocab o200k_base.tiktoken --json-vocab tokenizer.json --text FILE...
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import compare_measures
import compare_report
from compare_libraries import LIBRARIES
from compare_measures import PATTERNS, RECORD

# Of these a library that reads tokenizer.json is compared with bpekit reading the same file.
WITH_LOADING = ("load", "first", "cold", "memory")
# The measurements that need no text.
WITHOUT_TEXT = ("load", "first", "short")
# What one library takes seconds for: this much of a text does.
PATTERN_BYTES = 2_000_000


@dataclass(frozen=True)
class Task:
    """A measurement that all libraries make in turn."""

    measure: str
    variant: str = ""
    text: str = ""
    pattern: str = ""
    threads: int = 0
    whole: bool = False


def tasks(arguments: argparse.Namespace) -> Iterator[Task]:
    """Everything that is to be measured, in order."""
    for measure in arguments.only:
        if measure in WITHOUT_TEXT:
            yield Task(measure)
            continue
        for text in arguments.text:
            if measure == "pattern":
                for name in PATTERNS:
                    yield Task(measure, name, text, pattern=name)
            elif measure == "threads":
                for whole, name in ((False, "batch"), (True, "one long text")):
                    for threads in dict.fromkeys((1, arguments.threads)):
                        variant = f"{name}, {threads} thread" + "s" * (threads > 1)
                        yield Task(measure, variant, text, threads=threads, whole=whole)
            else:
                yield Task(measure, "", text)


def installed(name: str) -> bool:
    return importlib.util.find_spec(LIBRARIES[name].module) is not None


class Comparison:
    """The libraries that are there, and what was measured."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.arguments = arguments
        self.folder = folder
        vocabs = {"vocab": arguments.vocab, "json_vocab": arguments.json_vocab}
        job = {"measure": "prepare", "folder": str(folder)} | vocabs
        self.facts = self.in_process(job)
        if "error" in self.facts:
            sys.exit(f"bpekit cannot read the vocab: {self.facts['error']}")
        # Whose the ids are, and their records.
        self.references: dict[tuple[str, str, bool], tuple[str, bytes] | None] = {}
        self.missing: dict[str, str] = {}
        self.names: list[str] = []
        for name in arguments.libraries:
            if not installed(name):
                self.missing[name] = "not installed"
            elif error := self.run(name, Task("probe")).get("error"):
                self.missing[name] = error
            else:
                self.names.append(name)
        for name, reason in self.missing.items():
            print(f"{name}: skipped: {reason}", file=sys.stderr)

    def in_process(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job in a process of its own."""
        arguments = self.arguments
        environment = os.environ | {
            "RAYON_NUM_THREADS": str(job.get("source", {}).get("threads", 1)),
            "TOKENIZERS_PARALLELISM": str(job.get("source", {}).get("threads", 1) > 1).lower(),
            # tiktoken reads the file itself, not a copy.
            "TIKTOKEN_CACHE_DIR": "",
        }
        # A child's peak memory starts from its parent's where it is forked: this process stays
        # small.
        try:
            done = subprocess.run(
                [sys.executable, compare_measures.__file__, json.dumps(job)],
                capture_output=True,
                text=True,
                env=environment,
                timeout=arguments.timeout,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"not done after {arguments.timeout} seconds"}
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            return {"error": f"exit code {done.returncode}: {last}"}
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def run(self, name: str, task: Task) -> dict[str, Any]:
        """One measurement of one library."""
        arguments, facts = self.arguments, self.facts
        json_vocab = self.folder / f"{task.pattern}.json" if task.pattern else facts["json_vocab"]
        job: dict[str, Any] = {
            "measure": task.measure,
            "library": name,
            "source": {
                "vocab": arguments.vocab,
                "json_vocab": str(json_vocab),
                "pattern": PATTERNS.get(task.pattern, facts["pattern"]),
                "special_tokens": facts["special_tokens"],
                "unknown": bool(task.pattern),
                "threads": task.threads or arguments.threads,
            },
            "seconds": arguments.seconds,
            "stream": str(self.folder / "stream"),
        }
        if task.text:
            limit = min(arguments.bytes, PATTERN_BYTES) if task.pattern else arguments.bytes
            job |= {"text": task.text, "bytes": limit, "document": arguments.document}
            job["whole"] = task.whole
        (self.folder / "stream").unlink(missing_ok=True)
        return self.in_process(job)

    def reference(self, task: Task) -> tuple[str, bytes] | None:
        """The records of the ids of a text, from tiktoken, or from bpekit where it cannot."""
        if not task.text or task.measure == "decode":
            return None
        key = (task.text, task.pattern, task.whole)
        if key not in self.references:
            self.references[key] = None
            wanted = Task("reference", "", task.text, task.pattern, 1, task.whole)
            for name in ("tiktoken", "bpekit"):
                if installed(name) and "error" not in self.run(name, wanted):
                    self.references[key] = (name, (self.folder / "stream").read_bytes())
                    break
        return self.references[key]

    def different(self, task: Task, reference: tuple[str, bytes] | None) -> int | None:
        """How many documents the last process gave other ids for; None if nothing says so."""
        path = self.folder / "stream"
        if reference is None or not path.exists():
            return None
        theirs, right, size = path.read_bytes(), reference[1], RECORD.size
        # Of a count there are no ids to compare, only how many.
        start = 8 if task.measure == "count" else 0
        same = sum(
            theirs[at + start : at + size] == right[at + start : at + size]
            for at in range(0, min(len(theirs), len(right)), size)
        )
        return max(len(theirs), len(right)) // size - same

    def measure(self, task: Task) -> dict[str, list[dict[str, Any]]]:
        """All rounds of all libraries; the order turns, so that none is always first."""
        reference = self.reference(task)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in self.names}
        for number in range(self.arguments.rounds):
            turn = number % len(self.names)
            for name in self.names[turn:] + self.names[:turn]:
                if any("error" in run for run in runs[name]):
                    continue
                result = self.run(name, task)
                if (different := self.different(task, reference)) is not None:
                    result["different"] = different
                runs[name].append(result)
        return runs

    def base(self, name: str, task: Task) -> str:
        """The library that this one is compared with."""
        if task.measure in WITH_LOADING and LIBRARIES[name].reads == "json":
            own = "bpekit-json"
            return own if own in self.names else ""
        return "bpekit" if "bpekit" in self.names else self.names[0]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [line for line in cpu.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def versions(names: list[str]) -> dict[str, str]:
    """The versions of the packages that the libraries are in."""
    packages = dict.fromkeys(LIBRARIES[name].distribution for name in names)
    return {package: importlib.metadata.version(package) for package in packages}


def names_of(choices: tuple[str, ...]) -> Any:
    """A type for argparse: names between commas."""

    def parse(value: str) -> list[str]:
        names = value.split(",")
        if unknown := [name for name in names if name not in choices]:
            raise argparse.ArgumentTypeError(
                f"{', '.join(unknown)} is none of {', '.join(choices)}"
            )
        return names

    return parse


def parser() -> argparse.ArgumentParser:
    """The command line."""
    known, libraries = tuple(compare_report.TITLES), tuple(LIBRARIES)
    result = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    add = result.add_argument
    add("--vocab", required=True, help="a .tiktoken rank file")
    add("--json-vocab", help="the same as tokenizer.json; made by bpekit if not given")
    add("--text", nargs="+", default=[], help="UTF-8 files")
    add("--bytes", type=int, default=8_000_000, help="so much of each text (default 8,000,000)")
    add("--document", type=int, default=4000, help="characters a document (default 4,000)")
    add("--threads", type=int, default=2, help="for batches (default 2)")
    add("--rounds", type=int, default=3, help="how often each library has its turn (default 3)")
    add("--best", action="store_true", help="show the best round, not the median")
    add("--seconds", type=float, default=0.5, help="of later passes in each process (default 0.5)")
    add("--timeout", type=int, default=600, help="seconds for one process (default 600)")
    add("--only", type=names_of(known), default=list(known), help=f"of {','.join(known)}")
    add(
        "--libraries",
        type=names_of(libraries),
        default=list(libraries),
        help=f"of {','.join(libraries)}",
    )
    add("--json", type=Path, help="write the figures of every round there")
    add("--svg", type=Path, help="write a plot of the measurement `batch` there")
    return result


def main() -> int:
    """Run what the arguments say; return 1 if any library was wrong, or none could."""
    arguments = parser().parse_args()
    if not arguments.text and set(arguments.only) - set(WITHOUT_TEXT):
        parser().error("give --text, or --only " + ",".join(WITHOUT_TEXT))
    records = []
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments, Path(folder))
        if not comparison.names:
            sys.exit("no library is left")
        facts: dict[str, Any] = {
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": ["python", *sys.argv],
            "machine": machine(),
            "versions": versions(comparison.names),
            "skipped": comparison.missing,
        }
        for task in tasks(arguments):
            title = " ".join(filter(None, (task.measure, task.variant, Path(task.text).name)))
            print(title, file=sys.stderr)
            runs = comparison.measure(task)
            bases = {name: comparison.base(name, task) for name in runs}
            row = compare_report.record(task, runs, bases)
            if task.text:
                of = (comparison.reference(task) or ("nobody",))[0]
                row["compared_with"] = "the text" if task.measure == "decode" else of
            records.append(row)
        facts["machine"]["load_after"] = os.getloadavg()[0]
    of = "best" if arguments.best else "median"
    for line in compare_report.lines(facts, records, of):
        print(line)
    if arguments.json:
        text = json.dumps(facts | {"measurements": records}, indent=1, ensure_ascii=False)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.svg:
        import compare_plot

        arguments.svg.write_text(compare_plot.plot(records, of), encoding="utf-8")
    results = [list(row["libraries"].values()) for row in records]
    wrong = any(one.get("different") for row in results for one in row)
    return int(wrong or any(all("error" in one for one in row) for row in results))


if __name__ == "__main__":
    sys.exit(main())
