"""Mistakes that the types must find: each line is marked, and an unused mark is an error."""

from __future__ import annotations

import bpekit

tokenizer = bpekit.load("a")
tokenizer.encode(b"a")  # type: ignore[arg-type]
tokenizer.encode("a", allowed_special=["x"])  # type: ignore[arg-type]
tokenizer.encode("a", "all")  # type: ignore[call-arg]
tokenizer.encode_batch(["a"], dtype="uint16")  # type: ignore[call-overload]
tokenizer.count_till_limit("a", 1.5)  # type: ignore[arg-type]
tokenizer.decode("a")  # type: ignore[arg-type]
tokenizer.decode_single_token_bytes("a")  # type: ignore[arg-type]
tokenizer.dumps()  # type: ignore[call-arg]
tokenizer.n_vocab = 5  # type: ignore[misc]
bpekit.load(5)  # type: ignore[arg-type]
bpekit.load("a", special_tokens=["x"])  # type: ignore[arg-type]
bpekit.Tokenizer("x", pat_str="a", mergeable_ranks={"a": 0}, special_tokens={})  # type: ignore[dict-item]
bpekit.train(5, 300)  # type: ignore[arg-type]
bpekit.train(["a", 5], 300)  # type: ignore[arg-type]
bpekit.train("a", 300.0)  # type: ignore[arg-type]
bpekit.train("a", 300, "gpt2")  # type: ignore[call-arg]
bpekit.train("a", 300, order="alphabet")  # type: ignore[arg-type]
bpekit.train("a", 300, errors="surrogateescape")  # type: ignore[arg-type]
bpekit.train("a", 300, base="gpt2")  # type: ignore[arg-type]
bpekit.train("a", 300, progress=lambda: None)  # type: ignore[arg-type, misc]
bpekit.train_from_counts({b"a": 1}, 300)  # type: ignore[arg-type]
bpekit.PretokenCounts()["a"]  # type: ignore[index]
bpekit.PretokenCounts().texts = 5  # type: ignore[misc]
print(tokenizer.training.made)  # type: ignore[union-attr]
