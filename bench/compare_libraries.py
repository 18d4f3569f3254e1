"""The libraries that compare.py compares: how each is loaded, and its best call for each task.

A call is the library's own bound method wherever that is possible: a wrapper would cost more than
some libraries need for a short text. Special tokens are ordinary text for all that can do so.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Two ways to get at what a library made of some texts: all ids, and the length of each text.
Flat = tuple[Any, Sequence[int]]


class RefusedError(Exception):
    """The library cannot do what is asked, by its own account."""


@dataclass
class Source:
    """What a tokenizer is made of."""

    vocab: str
    json_vocab: str
    # What a rank file does not say, from bpekit.
    pattern: str
    special_tokens: dict[str, int]
    # Whether the pattern is another than the vocab's own.
    unknown: bool
    threads: int


@dataclass
class Calls:
    """The calls of a loaded tokenizer."""

    to_list: Callable[[str], Any]
    to_array: Callable[[str], Any]
    batch: Callable[[list[str]], Any]
    # Not timed: what `batch` gives as ids and lengths.
    flat: Callable[[Any], Flat]
    batch_lists: Callable[[list[str]], Any]
    count: Callable[[str], int]
    count_batch: Callable[[list[str]], Any]
    from_list: Callable[[Any], str]
    from_array: Callable[[Any], str]
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """What is known of a library before it is imported."""

    distribution: str
    module: str
    # "ranks", "json", or "its own" where the vocab is in the package.
    reads: str
    load: Callable[[Source], Any]
    calls: Callable[[Any, Source], Calls]
    # What the calls that give arrays import on their first use.
    late_imports: tuple[str, ...] = ("numpy",)


def of_lists(lists: Any) -> Flat:
    """Ids and lengths of lists of ids."""
    import numpy as np

    lengths = [len(ids) for ids in lists]
    joined = [np.asarray(ids, dtype=np.uint32) for ids in lists]
    return np.concatenate([np.zeros(0, np.uint32), *joined]), lengths


def of_offsets(ids: Any, offsets: Any) -> Flat:
    """Ids and lengths of ids and offsets."""
    import numpy as np

    return ids, np.diff(np.asarray(offsets).astype(np.int64)).tolist()


def of_pair(result: Any) -> Flat:
    """Ids and lengths of a pair of ids and offsets."""
    return of_offsets(*result)


def map_to_list(call: Callable[[str], Any], texts: list[str]) -> list[Any]:
    return list(map(call, texts))


# bpekit


def load_bpekit(source: Source) -> Any:
    import bpekit

    if source.unknown:
        return bpekit.load(source.vocab, pattern=source.pattern)
    return bpekit.load(source.vocab)


def load_bpekit_json(source: Source) -> Any:
    import bpekit

    return bpekit.load(source.json_vocab)


def with_known(call: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """The call with those of the options that it has."""
    known = inspect.signature(call).parameters
    return functools.partial(call, **{name: options[name] for name in options if name in known})


def bpekit_calls(tokenizer: Any, source: Source) -> Calls:
    options = {"num_threads": source.threads, "disallowed_special": ()}
    notes = {}
    lists = with_known(tokenizer.encode_ordinary_batch, **options)
    batch = lists
    flat: Callable[[Any], Flat] = of_lists
    for call in (tokenizer.encode_ordinary_batch, tokenizer.encode_batch):
        if "flat" in inspect.signature(call).parameters:
            batch = with_known(call, flat=True, **options)
            flat = of_pair
            break
    else:
        notes["batch"] = "lists"
    count = with_known(tokenizer.count, **options)
    if many := getattr(tokenizer, "count_batch", None):
        count_batch = with_known(many, **options)
    else:
        count_batch = functools.partial(map_to_list, count)
        notes["count"] = "batch is one text a call"
    return Calls(
        to_list=tokenizer.encode_ordinary,
        to_array=functools.partial(tokenizer.encode_to_numpy, disallowed_special=()),
        batch=batch,
        flat=flat,
        batch_lists=lists,
        count=count,
        count_batch=count_batch,
        from_list=tokenizer.decode,
        from_array=tokenizer.decode,
        notes=notes,
    )


# tiktoken


def load_tiktoken(source: Source) -> Any:
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe

    return tiktoken.Encoding(
        Path(source.vocab).stem,
        pat_str=source.pattern,
        mergeable_ranks=load_tiktoken_bpe(source.vocab),
        special_tokens=source.special_tokens,
    )


def tiktoken_calls(tokenizer: Any, source: Source) -> Calls:
    batch = functools.partial(tokenizer.encode_ordinary_batch, num_threads=source.threads)
    return Calls(
        to_list=tokenizer.encode_ordinary,
        to_array=functools.partial(tokenizer.encode_to_numpy, disallowed_special=()),
        batch=batch,
        flat=of_lists,
        batch_lists=batch,
        count=lambda text: len(tokenizer.encode_ordinary(text)),
        count_batch=lambda texts: list(map(len, batch(texts))),
        from_list=tokenizer.decode,
        from_array=lambda ids: tokenizer.decode(ids.tolist()),
        notes={"batch": "lists", "decode": "array through a list"},
    )


# tokenizers


def load_tokenizers(source: Source) -> Any:
    import tokenizers

    return tokenizers.Tokenizer.from_file(source.json_vocab)


def tokenizers_calls(tokenizer: Any, source: Source) -> Calls:
    import numpy as np

    encode, many = tokenizer.encode, tokenizer.encode_batch_fast

    def batch(texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in many(texts, add_special_tokens=False)]

    def to_list(text: str) -> list[int]:
        ids: list[int] = encode(text, add_special_tokens=False).ids
        return ids

    return Calls(
        to_list=to_list,
        to_array=lambda text: np.array(to_list(text), dtype=np.uint32),
        batch=batch,
        flat=of_lists,
        batch_lists=batch,
        count=lambda text: len(encode(text, add_special_tokens=False)),
        count_batch=lambda texts: list(map(len, many(texts, add_special_tokens=False))),
        from_list=functools.partial(tokenizer.decode, skip_special_tokens=False),
        from_array=lambda ids: tokenizer.decode(ids.tolist(), skip_special_tokens=False),
        notes={"batch": "lists", "decode": "array through a list"},
    )


# gigatoken


def load_gigatoken(source: Source) -> Any:
    import gigatoken

    if source.unknown:
        raise RefusedError("knows patterns of rank files by name alone")
    return gigatoken.Tokenizer.from_tiktoken(source.vocab)


def load_gigatoken_json(source: Source) -> Any:
    import gigatoken

    return gigatoken.Tokenizer(source.json_vocab)


def gigatoken_calls(tokenizer: Any, source: Source) -> Calls:
    encode, decode = tokenizer.encode, tokenizer.decode
    parallel = source.threads > 1
    batch = functools.partial(tokenizer.encode_batch, parallel=parallel)

    def lengths(result: Any) -> Any:
        import awkward

        return awkward.num(result).to_numpy()

    def flat(result: Any) -> Flat:
        import awkward

        return awkward.flatten(result).to_numpy(), lengths(result).tolist()

    def to_text(ids: Any) -> str:
        text: str = decode(ids).decode("utf-8", "replace")
        return text

    return Calls(
        to_list=lambda text: encode(text).tolist(),
        to_array=encode,
        batch=batch,
        flat=flat,
        batch_lists=functools.partial(tokenizer.encode_batch_list, parallel=parallel),
        count=lambda text: len(encode(text)),
        count_batch=lambda texts: lengths(batch(texts)),
        from_list=to_text,
        from_array=to_text,
    )


# snaptokens


def load_snaptokens(source: Source) -> Any:
    import snaptokens

    return snaptokens.Tokenizer.from_file(source.json_vocab)


def snaptokens_calls(tokenizer: Any, source: Source) -> Calls:
    import numpy as np

    encode, many, decode = tokenizer.encode, tokenizer.encode_batch_flat, tokenizer.decode

    def flat(result: Any) -> Flat:
        ids, offsets = result
        return of_offsets(np.frombuffer(ids, np.uint32), np.frombuffer(offsets, np.uint64))

    return Calls(
        to_list=lambda text: encode(text).ids,
        to_array=lambda text: np.frombuffer(many([text])[0], np.uint32),
        batch=many,
        flat=flat,
        batch_lists=lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)],
        count=lambda text: len(encode(text)),
        count_batch=lambda texts: np.diff(np.frombuffer(many(texts)[1], np.uint64)),
        from_list=decode,
        from_array=lambda ids: decode(ids.tolist()),
        notes={"decode": "array through a list"},
    )


# toktok


def load_toktok(source: Source) -> Any:
    # The public functions only count; the tokenizer itself is the one they use.
    from toktok._toktok import BUILTIN_ENCODINGS, Tokenizer

    name = Path(source.vocab).name.partition(".")[0]
    if source.unknown or name not in BUILTIN_ENCODINGS:
        raise RefusedError("has its own vocabs and patterns alone")
    return Tokenizer(name)


def toktok_calls(tokenizer: Any, source: Source) -> Calls:
    threads = source.threads
    encode, many = tokenizer.encode_to_numpy, tokenizer.encode_batch_to_numpy

    def batch_lists(texts: list[str]) -> list[list[int]]:
        ids, offsets = many(texts, threads)
        ids, offsets = ids.tolist(), offsets.tolist()
        return [ids[start:end] for start, end in itertools.pairwise(offsets)]

    return Calls(
        to_list=tokenizer.encode_ordinary,
        to_array=lambda text: encode(text, None, ()),
        batch=lambda texts: many(texts, threads),
        flat=of_pair,
        batch_lists=batch_lists,
        count=tokenizer.count,
        count_batch=lambda texts: tokenizer.count_batch(texts, threads),
        from_list=tokenizer.decode,
        from_array=lambda ids: tokenizer.decode(ids.tolist()),
        notes={"decode": "array through a list"},
    )


LIBRARIES = {
    "bpekit": Library("bpekit", "bpekit", "ranks", load_bpekit, bpekit_calls),
    "bpekit-json": Library("bpekit", "bpekit", "json", load_bpekit_json, bpekit_calls),
    "gigatoken": Library(
        "gigatoken",
        "gigatoken",
        "ranks",
        load_gigatoken,
        gigatoken_calls,
        ("numpy", "awkward"),
    ),
    "gigatoken-json": Library(
        "gigatoken",
        "gigatoken",
        "json",
        load_gigatoken_json,
        gigatoken_calls,
        ("numpy", "awkward"),
    ),
    "snaptokens": Library("snaptokens", "snaptokens", "json", load_snaptokens, snaptokens_calls),
    "toktok": Library("toktok-rs", "toktok", "its own", load_toktok, toktok_calls),
    "tiktoken": Library("tiktoken", "tiktoken", "ranks", load_tiktoken, tiktoken_calls),
    "tokenizers": Library("tokenizers", "tokenizers", "json", load_tokenizers, tokenizers_calls),
}
