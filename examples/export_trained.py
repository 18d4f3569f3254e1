"""Train a tokenizer, export it to tiktoken, and use it there.

    python examples/export_trained.py TEXT_FILE 8000 out.tiktoken

Without arguments it trains on this file. tiktoken need not be installed to train and export.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpekit

SPECIAL = ("<|endoftext|>", "<|user|>")


def main(arguments: list[str]) -> None:
    """Train, save, load in tiktoken, compare."""
    source = Path(arguments[0]) if arguments else Path(__file__)
    vocab_size = int(arguments[1]) if len(arguments) > 1 else 400
    target = Path(arguments[2]) if len(arguments) > 2 else Path("trained.tiktoken")

    # The size is that of the whole vocab: 256 bytes, the merges, and the special tokens at the end.
    tokenizer = bpekit.train(source, vocab_size, pattern="cl100k", special_tokens=SPECIAL)
    report = tokenizer.training
    print(f"{report.made} tokens, {report.bytes_per_token:.2f} bytes a token: {report.stopped}")

    # Beside the ranks, NAME.tiktoken.json has the pattern and the special tokens, which a rank
    # file cannot carry; bpekit.load reads both.
    tokenizer.save(target)
    assert bpekit.load(target).encode("a test") == tokenizer.encode("a test")

    try:
        import tiktoken
        from tiktoken.load import load_tiktoken_bpe
    except ImportError:
        print("tiktoken is not installed")
        return
    # tiktoken itself reads the ranks alone: it is told the rest.
    theirs = tiktoken.Encoding(
        target.stem,
        pat_str=tokenizer.get_pattern(),
        mergeable_ranks=load_tiktoken_bpe(str(target)),
        special_tokens={token: tokenizer.encode_single_token(token) for token in SPECIAL},
    )
    text = "Text that it was not trained on: 1234567, naïve, 漢字.<|endoftext|>"
    ids = theirs.encode(text, allowed_special="all")
    assert ids == tokenizer.encode(text, allowed_special="all")
    print(f"tiktoken gives the same {len(ids)} ids")


if __name__ == "__main__":
    main(sys.argv[1:])
