"""Training as simple as it can be said: the oracle of the tests."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

# The bytes in the order of their characters in GPT-2's byte alphabet.
ALPHABET = [*range(33, 127), *range(161, 173), *range(174, 256)]
ALPHABET += [byte for byte in range(256) if byte not in ALPHABET]


def train(
    pretokens: Counter[bytes],
    merge_count: int,
    *,
    order: str = "bytes",
    min_frequency: int = 1,
) -> list[tuple[bytes, bytes]]:
    """Merge the most frequent pair again and again; of those that tie, the one of lowest ids."""
    first = list(range(256)) if order == "bytes" else ALPHABET
    id_of = {byte: number for number, byte in enumerate(first)}
    tokens = [bytes([byte]) for byte in first]
    words = [([id_of[byte] for byte in pretoken], count) for pretoken, count in pretokens.items()]
    merges = []
    while len(merges) < merge_count:
        pairs: Counter[tuple[int, int]] = Counter()
        for word, count in words:
            for pair in pairwise(word):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < min_frequency:
            break
        merges.append((tokens[best[0]], tokens[best[1]]))
        tokens.append(tokens[best[0]] + tokens[best[1]])
        for word, _ in words:
            place = 0
            while place + 1 < len(word):
                if (word[place], word[place + 1]) == best:
                    word[place : place + 2] = [len(tokens) - 1]
                place += 1
    return merges
