"""What one process of compare.py does: one measurement of one library on one text.

Only this module and the library that is measured are imported, so that import time and memory are
the library's. Times are in seconds and memory in bytes, of which the report makes its units.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import itertools
import json
import resource
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compare_libraries import LIBRARIES, Calls, Flat, RefusedError, Source

SENTENCE = "It was a bright cold day in April, and the clocks were striking thirteen."
SHORT = "The quick brown fox jumps over the lazy dog."

# The pattern of cl100k_base as tokenizers has it, and what nobody has published: other lengths of
# numbers, other contractions, and a look-behind, which no automaton can run.
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PATTERNS = {
    "digits": CL100K.replace("{1,3}", "{1,2}"),
    "contractions": CL100K.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:s|t|em|n|re|ve|ll|cause)"),
    "look-behind": r"(?<=\p{N})[.,](?=\p{N})|" + CL100K,
}

# The record of a text in a stream: digest of its ids, and how many they are.
RECORD = struct.Struct("<8sQ")


def read_text(path: str, limit: int) -> str:
    """The file, cut after the last line that ends within the limit."""
    data = Path(path).read_bytes()
    if len(data) > limit:
        data = data[:limit]
        # In a text without line ends a character may be cut in two.
        data = data[: data.rfind(b"\n") + 1] or data.decode(errors="ignore").encode()
    return data.decode()


def in_parts(text: str, size: int) -> list[str]:
    """Cut into texts of about `size` characters at line ends, as documents are."""
    parts: list[str] = []
    part: list[str] = []
    length = 0
    for line in text.splitlines(keepends=True):
        part.append(line)
        length += len(line)
        if length >= size:
            parts.append("".join(part))
            part, length = [], 0
    return [*parts, "".join(part)] if part else parts


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def of_arrays(arrays: Any) -> Flat:
    import numpy as np

    return np.concatenate([np.zeros(0, np.uint32), *arrays]), [len(array) for array in arrays]


class Run:
    """One measurement: the job, the texts, and the library once it is loaded."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.library = LIBRARIES[job["library"]]
        self.source = Source(**job["source"])
        self.texts: list[str] = []
        if "text" in job:
            text = read_text(job["text"], job["bytes"])
            self.texts = [text] if job.get("whole") else in_parts(text, job["document"])
        self.figures: dict[str, float] = {}
        self.facts: dict[str, Any] = {
            "bytes": sum(len(text.encode()) for text in self.texts),
            "documents": len(self.texts),
        }
        self.calls: Calls

    def imports(self, late: bool = True) -> None:
        """Import the library, and what it imports late, unless only the library is wanted."""

        def work() -> None:
            importlib.import_module(self.library.module)
            for name in self.library.late_imports if late else ():
                importlib.import_module(name)

        self.figures["import"] = timed(work)[0]

    def load(self) -> Calls:
        """The calls of the library, imported and loaded."""
        self.imports()
        self.calls = self.library.calls(self.library.load(self.source), self.source)
        return self.calls

    def passes(self, work: Callable[[], Any], cold: str = "cold", warm: str = "warm") -> Any:
        """Time a first pass, and the best of later ones; give what the last one gave."""
        self.figures[cold], result = timed(work)
        spent, best = 0.0, float("inf")
        for number in itertools.count():
            if number >= 1 and (spent > self.job["seconds"] or number >= 50):
                break
            # Freed outside the time that is taken.
            del result
            seconds, result = timed(work)
            spent, best = spent + seconds, min(best, seconds)
        self.figures[warm] = best
        return result

    def note(self, name: str) -> None:
        if name in self.calls.notes:
            self.facts["note"] = self.calls.notes[name]

    def stream(self, flat: Flat) -> None:
        """Write digest and number of the ids of each text, for the comparison."""
        import numpy as np

        ids, lengths = flat
        ids, start, records = np.asarray(ids, dtype="<u4"), 0, []
        for length in lengths:
            data = ids[start : start + length].tobytes()
            records.append(RECORD.pack(hashlib.blake2b(data, digest_size=8).digest(), length))
            start += length
        Path(self.job["stream"]).write_bytes(b"".join(records))

    def counts(self, counts: Any) -> None:
        """Write numbers of ids alone."""
        records = (RECORD.pack(b"", int(count)) for count in counts)
        Path(self.job["stream"]).write_bytes(b"".join(records))


def probe(run: Run) -> None:
    """Whether the library can do it at all; what it reads is in the page cache after that."""
    run.load().to_list(SENTENCE)


def reference(run: Run) -> None:
    """The ids that all others are compared with."""
    calls = run.load()
    from compare_libraries import of_lists

    run.stream(of_lists([calls.to_list(text) for text in run.texts]))


def load(run: Run) -> None:
    run.imports(late=False)
    run.figures["load"], tokenizer = timed(lambda: run.library.load(run.source))
    del tokenizer
    again = (timed(lambda: run.library.load(run.source)) for _ in range(3))
    run.figures["again"] = min(seconds for seconds, _ in again)


def first(run: Run) -> None:
    encode = run.load().to_list
    run.figures["first"], run.figures["second"] = (
        timed(lambda: encode(SENTENCE))[0] for _ in range(2)
    )


def cold(run: Run) -> None:
    run.imports()

    def work() -> tuple[Calls, Any]:
        calls = run.library.calls(run.library.load(run.source), run.source)
        return calls, calls.batch(run.texts)

    run.figures["total"], (run.calls, result) = timed(work)
    run.note("batch")
    run.facts["peak"] = peak()
    run.stream(run.calls.flat(result))


def batch(run: Run) -> None:
    calls = run.load()
    run.note("batch")
    result = run.passes(lambda: calls.batch(run.texts))
    run.facts["peak"] = peak()
    run.stream(calls.flat(result))


def lists(run: Run) -> None:
    from compare_libraries import of_lists

    calls = run.load()
    run.stream(of_lists(run.passes(lambda: calls.batch_lists(run.texts))))


def one_array(run: Run) -> None:
    encode = run.load().to_array
    run.stream(of_arrays(run.passes(lambda: [encode(text) for text in run.texts])))


def one_list(run: Run) -> None:
    from compare_libraries import of_lists

    encode = run.load().to_list
    run.stream(of_lists(run.passes(lambda: [encode(text) for text in run.texts])))


def short(run: Run) -> None:
    calls = run.load()
    for name, call in (("list", calls.to_list), ("array", calls.to_array)):

        def rounds(number: int, call: Callable[[str], Any] = call) -> float:
            repeat = itertools.repeat(SHORT, number)
            start = time.perf_counter()
            for text in repeat:
                call(text)
            return (time.perf_counter() - start) / number

        rounds(100)
        number = max(10, int(0.02 / rounds(1000)))
        run.figures[name] = min(rounds(number) for _ in range(7))


def decode(run: Run) -> None:
    import numpy as np

    calls = run.load()
    run.note("decode")
    ids = [calls.to_list(text) for text in run.texts]
    arrays = [np.array(one, dtype=np.uint32) for one in ids]
    wrong = 0
    for name, call, items in (
        ("list", calls.from_list, ids),
        ("array", calls.from_array, arrays),
    ):

        def work(call: Callable[[Any], str] = call, items: Any = items) -> list[str]:
            return [call(item) for item in items]

        texts = run.passes(work, f"{name}, first", name)
        wrong += sum(one != other for one, other in zip(texts, run.texts, strict=True))
    run.facts["different"] = wrong


def count(run: Run) -> None:
    calls = run.load()
    run.note("count")
    one, many = calls.count, calls.count_batch
    run.passes(lambda: [one(text) for text in run.texts], "one, first", "one")
    run.counts(run.passes(lambda: many(run.texts), "batch, first", "batch"))


def memory(run: Run) -> None:
    run.figures["texts"] = peak()
    run.load()
    run.figures["loaded"] = peak()
    run.note("batch")
    result = run.calls.batch(run.texts)
    run.figures["once"] = peak()
    for _ in range(3):
        del result
        result = run.calls.batch(run.texts)
    run.figures["again"] = peak()
    run.stream(run.calls.flat(result))


MEASURES: dict[str, Callable[[Run], None]] = {
    "probe": probe,
    "reference": reference,
    "load": load,
    "first": first,
    "cold": cold,
    "batch": batch,
    "lists": lists,
    "numpy": one_array,
    "list": one_list,
    "short": short,
    "decode": decode,
    "count": count,
    "pattern": one_array,
    "threads": batch,
    "memory": memory,
}


def prepare(vocab: str, json_vocab: str | None, folder: str) -> dict[str, Any]:
    """What a rank file does not say, and a tokenizer.json with each of the patterns."""
    import bpekit

    tokenizer = bpekit.load(vocab)
    path = json_vocab or str(Path(folder) / "tokenizer.json")
    if not json_vocab:
        bpekit.convert(vocab, path)
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    for name, pattern in PATTERNS.items():
        steps = [data["pre_tokenizer"], *data["pre_tokenizer"].get("pretokenizers", ())]
        for step in steps:
            if step["type"] == "Split":
                step["pattern"] = {"Regex": pattern}
                step["behavior"], step["invert"] = "Isolated", False
        text = json.dumps(data, ensure_ascii=False)
        (Path(folder) / f"{name}.json").write_text(text, encoding="utf-8")
    return {
        "json_vocab": path,
        "pattern": tokenizer.pattern,
        "special_tokens": tokenizer.special_tokens,
    }


def do(job: dict[str, Any]) -> dict[str, Any]:
    """Do what the job says; an error is a result too."""
    try:
        if job["measure"] == "prepare":
            return prepare(job["vocab"], job["json_vocab"], job["folder"])
        run = Run(job)
        gc.collect()
        gc.disable()
        MEASURES[job["measure"]](run)
    except RefusedError as error:
        return {"error": f"cannot: {error}"}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    run.facts.setdefault("peak", peak())
    return {"figures": run.figures} | run.facts


if __name__ == "__main__":
    print(json.dumps(do(json.loads(sys.argv[1]))))
