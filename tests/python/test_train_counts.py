"""`PretokenCounts`: a table that is added up, saved, copied and trained on."""

from __future__ import annotations

import copy
import multiprocessing
import pathlib
import pickle
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest

import bpekit
from training import mixed, prose, same_bytes


def of(text: str) -> bpekit.PretokenCounts:
    return bpekit.PretokenCounts.count(text, pattern="gpt2")


def test_what_a_table_says() -> None:
    counts = of("the cat the dog\nthe cat")
    expected = Counter([b"the", b" cat", b" the", b" dog", b"\n", b"the", b" cat"])
    assert dict(counts.items()) == expected
    assert counts.most_common() == counts.items()
    assert counts.most_common(2) == [(b" cat", 2), (b"the", 2)]
    assert counts.most_common(99) == counts.items()
    assert list(counts) == [pretoken for pretoken, _ in counts.items()]
    assert len(counts) == len(expected)
    assert counts.total() == 7
    assert (counts[b"the"], counts[b"none"]) == (2, 0)
    assert (counts.get(b"the"), counts.get(b"none"), counts.get(b"none", 5)) == (2, 0, 5)
    assert b"the" in counts
    assert b"none" not in counts
    assert "the" not in counts
    assert repr(counts) == "<PretokenCounts of 5 pretokens, 1 texts>"
    assert (counts.texts, counts.text_bytes, counts.skipped, counts.min_count) == (1, 23, 0, 1)
    assert counts.pattern == of("").pattern
    assert counts.special_tokens == []
    for wrong in (-1, 0):
        with pytest.raises(ValueError, match="n must be 1 or more"):
            counts.most_common(wrong)


def test_an_empty_table() -> None:
    counts = bpekit.PretokenCounts(special_tokens=["<b>", "<a>"])
    assert len(counts) == counts.total() == 0
    assert counts.items() == []
    assert counts.special_tokens == ["<b>", "<a>"]
    with pytest.raises(ValueError, match="no text to train on"):
        bpekit.train_from_counts(counts, 300)
    assert bpekit.train_from_counts(counts, 258).special_tokens == {"<b>": 256, "<a>": 257}


def test_parts_add_up_to_the_whole() -> None:
    lines = mixed().splitlines(keepends=True)
    whole = bpekit.PretokenCounts.count(lines)
    half = len(lines) // 2
    first = bpekit.PretokenCounts.count(lines[:half])
    second = bpekit.PretokenCounts.count(lines[half:])
    before = first.items()
    both = first + second
    assert both.items() == (second + first).items() == whole.items()
    assert (both.texts, both.text_bytes) == (whole.texts, whole.text_bytes)
    assert first.items() == before
    one = first
    one += second
    assert one is first
    assert first.items() == whole.items()
    updated = bpekit.PretokenCounts()
    for line in lines[:200]:
        updated.update(line)
    updated.update(iter(lines[200:]))
    assert updated.items() == whole.items()
    assert same_bytes(bpekit.train_from_counts(both, 600), bpekit.train(lines, 600))


def test_a_table_is_added_to_itself() -> None:
    counts = of("the cat the")
    counts += counts
    assert (counts[b"the"], counts[b" cat"], counts.texts) == (2, 2, 2)
    double = counts + counts
    assert (double[b"the"], counts[b"the"], double.texts) == (4, 2, 4)


def test_what_was_cut_in_other_ways_does_not_add_up() -> None:
    counts = of("the cat")
    other = bpekit.PretokenCounts.count("the cat", pattern="cl100k")
    for one, two, what in (
        (counts, other, "patterns"),
        (counts, bpekit.PretokenCounts("gpt2", normalizer="nfc"), "normalizers"),
        (counts, bpekit.PretokenCounts("gpt2", special_tokens=["<a>"]), "special tokens"),
    ):
        with pytest.raises(ValueError, match=f"different {what}"):
            one.merge(two)
        with pytest.raises(ValueError, match=f"different {what}"):
            _ = two + one
    with pytest.raises(TypeError, match="not dict"):
        counts.merge({b"the": 1})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _ = counts + {b"the": 1}  # type: ignore[operator]
    # Two spellings of one published pattern, and any order of special tokens.
    spelt = bpekit.PretokenCounts(counts.pattern or "", special_tokens=["<b>", "<a>"])
    spelt.merge(bpekit.PretokenCounts.count("a", pattern="gpt2", special_tokens=["<a>", "<b>"]))
    assert len(spelt) == 1
    assert of("the cat").items() == counts.items()


def test_copies_are_tables_of_their_own() -> None:
    counts = bpekit.PretokenCounts.count(["the cat", "x"], special_tokens=["x"])
    for other in (
        copy.copy(counts),
        copy.deepcopy(counts),
        *(pickle.loads(pickle.dumps(counts, protocol)) for protocol in range(2, 6)),
    ):
        assert type(other) is bpekit.PretokenCounts
        assert other.items() == counts.items()
        assert (other.texts, other.special_tokens) == (2, ["x"])
        other.update("a dog")
        assert b" dog" in other
        assert b" dog" not in counts


def test_processes_give_tables_back() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        parts = list(executor.map(bpekit.PretokenCounts.count, ["the cat", "the dog"]))
    assert (parts[0] + parts[1])[b"the"] == 2


def test_a_failure_leaves_it_as_it_was(tmp_path: pathlib.Path) -> None:
    counts = of("the cat")
    path = tmp_path / "text.txt"
    path.write_bytes(b"the dog \xff")
    with pytest.raises(ValueError, match="not UTF-8"):
        counts.update(path)
    with pytest.raises(TypeError, match=r"texts\[1\]"):
        counts.update(["the dog", 5])  # type: ignore[list-item]
    assert (len(counts), counts.texts) == (2, 1)
    counts.update(path, errors="ignore")
    assert counts[b" dog"] == 1


def test_pruning() -> None:
    counts = of("a a a b b c")
    assert counts.prune(2) == 2
    assert dict(counts.items()) == {b" a": 2, b" b": 2}
    assert counts.min_count == 2
    assert counts.prune(0) == 0
    assert counts.prune(1) == 0
    assert (counts + of("c")).min_count == 2
    assert bpekit.PretokenCounts.count(" a a b", pattern="gpt2", min_count=2).items() == [
        (b" a", 2)
    ]
    assert counts.prune(100) == 2
    assert len(counts) == 0


def test_saved_and_loaded(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "words.bpecounts"
    counts = bpekit.PretokenCounts.count(
        [mixed(), prose()], pattern="cl100k", normalizer=["nfd", "lowercase"], special_tokens=["A"]
    )
    counts.add(b"\xff\0", (1 << 63) - 1)
    counts.save(path)
    first = path.read_bytes()
    again = bpekit.PretokenCounts.load(path)
    assert again.items() == counts.items()
    for fact in ("pattern", "special_tokens", "texts", "text_bytes", "skipped", "min_count"):
        assert getattr(again, fact) == getattr(counts, fact)
    again.save(str(path))
    assert path.read_bytes() == first
    again.update("more TEXT A")
    again.merge(counts)
    lines = random.Random(1).sample(counts.items(), len(counts))
    other = bpekit.PretokenCounts("cl100k", normalizer=["nfd", "lowercase"], special_tokens=["A"])
    for pretoken, count in lines:
        other.add(pretoken, count)
    assert other.items() == counts.items()


def test_files_that_are_no_counts(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "words.bpecounts"
    of("the cat").save(path)
    whole = path.read_bytes()
    for damaged in (b"", b"text\n", whole[:-1], whole + b"\n", whole[:40] + b"x" + whole[41:]):
        path.write_bytes(damaged)
        with pytest.raises(bpekit.FormatError, match=r"words\.bpecounts"):
            bpekit.PretokenCounts.load(path)
    with pytest.raises(FileNotFoundError, match="none"):
        bpekit.PretokenCounts.load(tmp_path / "none.bpecounts")
    with pytest.raises(OSError, match="none"):
        of("the cat").save(tmp_path / "none" / "words.bpecounts")
    with pytest.raises(bpekit.FormatError):
        pickle.loads(pickle.dumps(of("a")).replace(b"bpekit-counts 1", b"bpekit-counts 7"))


def test_row_72_the_sum_of_counts() -> None:
    counts = bpekit.PretokenCounts("gpt2")
    counts.add(b"a", (1 << 63) + 5)
    counts.add(b"bb", 1 << 60)
    counts.add(b"cc", (1 << 60) + 1)
    assert counts.total() == (1 << 63) + (1 << 61) + 6
    assert bpekit.train_from_counts(counts, 258).get_mergeable_ranks()[256:] == [
        (b"cc", 256),
        (b"bb", 257),
    ]
    counts.add(b"dd", 1 << 62)
    # The bytes that they stand for exceed what can be counted, then the counts themselves.
    with pytest.raises(ValueError, match=r"more than 2\^64 bytes"):
        bpekit.train_from_counts(counts, 300)
    counts.add(b"e", 1 << 62)
    with pytest.raises(ValueError, match=r"more than 2\^64"):
        counts.total()
    with pytest.raises(ValueError, match=r"more than 2\^64"):
        pickle.dumps(counts)
    with pytest.raises(ValueError, match="empty"):
        counts.add(b"", 1)
    counts.add(b"zero", 0)
    assert b"zero" not in counts


def test_it_is_refused_while_it_is_in_use() -> None:
    counts = of(prose())

    def callback(progress: bpekit.Progress) -> None:
        len(counts)

    with pytest.raises(RuntimeError, match="in use"):
        bpekit.train_from_counts(counts, 400, progress=callback)
    assert bpekit.train_from_counts(counts, 400).n_vocab == 400


def test_counts_of_another_program() -> None:
    counts = bpekit.PretokenCounts("cl100k")
    for pretoken, count in Counter(["low", " low", " lower"] * 3 + ["\xe9"]).items():
        counts.add(pretoken.encode(), count)
    text = "low low lower" * 3
    assert bpekit.train_from_counts(counts, 259).encode(text)
    with pytest.raises(TypeError, match="counts must be PretokenCounts, not dict"):
        bpekit.train_from_counts({b"a": 1}, 300)  # type: ignore[arg-type]
