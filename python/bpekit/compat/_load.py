"""Files as tiktoken loads them, without its downloads."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile

from bpekit import _bpekit, _find
from bpekit._tokenizer import Tokenizer

_FOLDER = "https://openaipublic.blob.core.windows.net/encodings/"


def read_file(blobpath: str) -> bytes:
    """Read a local file.

    Raises:
        FileNotFoundError: It is a URL: nothing is downloaded unless `download` is called.
    """
    if "://" in blobpath:
        raise FileNotFoundError(
            f"{blobpath}: nothing is downloaded by itself\n"
            f"hint: call bpekit.compat.tiktoken.load.download({blobpath!r}) once, or put the file "
            f"there with `bpekit cache put FILE --url {blobpath}`"
        )
    with open(blobpath, "rb") as file:
        return file.read()


def check_hash(data: bytes, expected_hash: str) -> bool:
    """Say whether the sha256 is this one."""
    return hashlib.sha256(data).hexdigest() == expected_hash


def read_file_cached(blobpath: str, expected_hash: str | None = None) -> bytes:
    """Read a local file, or the file of a URL from tiktoken's cache.

    OpenAI's files are found wherever `bpekit.get_encoding` finds them.

    Raises:
        FileNotFoundError: The file of the URL is not on this machine.
        ValueError: The sha256 is another one. What is in the cache is left there.
    """
    if "://" not in blobpath:
        return _checked(read_file(blobpath), expected_hash, blobpath)
    path = _cache_path(blobpath)
    if path is not None and os.path.exists(path):
        return _checked(read_file(path), expected_hash, f"{path} (of {blobpath})")
    name = blobpath.removeprefix(_FOLDER).removesuffix(".tiktoken")
    if blobpath.startswith(_FOLDER) and _bpekit.encoding_name(name) == name:
        data = _find.get_encoding(name).dumps(format="tiktoken")
        return _checked(data, expected_hash, blobpath)
    return read_file(blobpath)


def download(url: str, expected_hash: str | None = None) -> str:
    """Download a file into tiktoken's cache, where `read_file_cached` finds it.

    The one function of this package that uses the network.

    Returns:
        The path of the file in the cache.

    Raises:
        OSError: It cannot be downloaded or written, or the cache is switched off.
        ValueError: The sha256 is another one. Nothing is written then.
    """
    import urllib.request

    path = _cache_path(url)
    if path is None:
        raise OSError("tiktoken's cache is switched off: TIKTOKEN_CACHE_DIR is empty")
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url}: not a URL of http or https")
    with urllib.request.urlopen(url) as response:
        data = _checked(response.read(), expected_hash, url)
    _write(path, data)
    return path


def load_tiktoken_bpe(tiktoken_bpe_file: str, expected_hash: str | None = None) -> dict[bytes, int]:
    """Give the ranks of a rank file.

    Raises:
        FormatError: It is no rank file; a ValueError.
        FileNotFoundError: As for `read_file_cached`.
        ValueError: The sha256 is another one.
    """
    data = read_file_cached(tiktoken_bpe_file, expected_hash)
    return _ranks(data, "tiktoken", tiktoken_bpe_file)


def data_gym_to_mergeable_bpe_ranks(
    vocab_bpe_file: str,
    encoder_json_file: str,
    vocab_bpe_hash: str | None = None,
    encoder_json_hash: str | None = None,
    clobber_one_byte_tokens: bool = False,
) -> dict[bytes, int]:
    """Give the ranks of GPT-2's two files.

    Args:
        vocab_bpe_file: The list of merges.
        encoder_json_file: The ids.
        vocab_bpe_hash: The sha256 that the list must have.
        encoder_json_hash: The sha256 that the ids must have.
        clobber_one_byte_tokens: Accept ids of single bytes in another order than GPT-2's.

    Raises:
        AssertionError: The merges are not in the order of the ids, or the bytes not in GPT-2's.
        FormatError: The files are not valid, or not of one tokenizer; a ValueError.
    """
    merges = read_file_cached(vocab_bpe_file, vocab_bpe_hash)
    ids = read_file_cached(encoder_json_file, encoder_json_hash)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("vocab.bpe", merges), ("encoder.json", ids)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        tokenizer = Tokenizer.load(folder, format="gpt2", pattern="gpt2")
    # Refused where the merges of the list and the order of the ids are not the same.
    ranks = tokenizer.mergeable_ranks
    printable = [byte for byte in range(256) if chr(byte).isprintable() and chr(byte) != " "]
    others = [byte for byte in range(256) if byte not in printable]
    in_order = [ranks[bytes([byte])] for byte in (*printable, *others)]
    assert clobber_one_byte_tokens or in_order == list(range(256))
    return ranks


def dump_tiktoken_bpe(bpe_ranks: dict[bytes, int], tiktoken_bpe_file: str) -> None:
    """Write ranks to a rank file, by ascending rank."""
    lines = [
        b"%s %d\n" % (base64.b64encode(token), rank)
        for token, rank in sorted(bpe_ranks.items(), key=lambda item: item[1])
    ]
    _write(tiktoken_bpe_file, b"".join(lines))


def _ranks(data: bytes, format: str, name: str) -> dict[bytes, int]:
    # Which pattern goes with the ranks is of no interest to them.
    tokenizer = Tokenizer.loads(
        data,
        format=format,
        pattern="gpt2",
        special_tokens={},
        lenient=True,
        allow_missing_bytes=True,
        file_name=os.path.basename(name),
    )
    return tokenizer.mergeable_ranks


def _checked(data: bytes, expected_hash: str | None, what: str) -> bytes:
    if expected_hash is not None and not check_hash(data, expected_hash):
        found = hashlib.sha256(data).hexdigest()
        raise ValueError(f"Hash mismatch for {what}: the sha256 is {found}, not {expected_hash}")
    return data


def _cache_path(url: str) -> str | None:
    """Give the path of a URL's file in tiktoken's cache; None if the cache is switched off."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            folder = os.environ[variable]
            break
    else:
        folder = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    if folder == "":
        return None
    return os.path.join(folder, hashlib.sha1(url.encode()).hexdigest())


def _write(path: str, data: bytes) -> None:
    """Write a file whole or not at all."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=folder, prefix=".bpekit-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
