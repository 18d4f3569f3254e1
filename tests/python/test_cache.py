"""tiktoken's cache: what is put there is found by tiktoken, without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken

import bpekit
from real import real_file
from small import demo

OFFLINE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
FILES = {
    "cl100k_base": ["cl100k_base.tiktoken"],
    "o200k_base": ["o200k_base.tiktoken"],
    "p50k_base": ["p50k_base.tiktoken"],
    "gpt2": ["npm_gpt2_vocab.bpe", "npm_gpt2_encoder.json"],
}


def run(*arguments: str | Path, **env: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bpekit", "cache", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def encode(code: str, cache: Path) -> list[int]:
    """Run an expression that gives an encoding, in a process without a network."""
    program = f"import json, tiktoken, tiktoken.load; e = {code}\nprint(json.dumps(e))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **OFFLINE, "TIKTOKEN_CACHE_DIR": str(cache)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ids: list[int] = json.loads(done.stdout)
    return ids


def ids_of(paths: list[Path], folder: Path) -> list[int]:
    """Return ours, of files under the names by which they find each other."""
    for path in paths:
        shutil.copy(path, folder / path.name.removeprefix("npm_gpt2_"))
    main = folder / paths[-1].name.removeprefix("npm_gpt2_")
    return bpekit.load(main, name="gpt2" if len(paths) > 1 else None).encode("hello  12345 größer")


@pytest.mark.parametrize("name", FILES)
def test_encodings_of_its_own(name: str, tmp_path: Path) -> None:
    status, out, _ = run("check", name, "--dir", tmp_path / "cache")
    assert (status, out.count("absent")) == (1, len(FILES[name]))
    paths = [real_file(file) for file in FILES[name]]
    status, out, err = run("put", *paths, TIKTOKEN_CACHE_DIR=str(tmp_path / "cache"))
    assert (status, err) == (0, "")
    assert out.count("https://openaipublic") == len(paths)
    assert run("check", name, "--dir", tmp_path / "cache")[0] == 0
    code = f"tiktoken.get_encoding({name!r}).encode('hello  12345 größer')"
    assert encode(code, tmp_path / "cache") == ids_of(paths, tmp_path)
    # Put again, nothing changes; damaged, it is named.
    assert run("put", *paths, "--dir", tmp_path / "cache")[1].count("(was there)") == len(paths)
    there = next((tmp_path / "cache").iterdir())
    there.write_bytes(there.read_bytes() + b"\n")
    status, out, _ = run("check", "--dir", tmp_path / "cache")
    assert status == 1
    assert out.count("wrong") == 1
    assert run("put", *paths, "--dir", tmp_path / "cache")[0] == 0
    assert run("check", "--dir", tmp_path / "cache")[0] == 0


def test_a_file_of_your_own(tmp_path: Path) -> None:
    url, mine = "https://example.com/mine.tiktoken", tmp_path / "mine.tiktoken"
    demo().save(mine)
    status, out, _ = run("put", mine, "--url", url, "--dir", tmp_path / "cache", "--json")
    assert status == 0
    [put] = json.loads(out)["put"]
    assert put["url"] == url
    code = f"sorted(tiktoken.load.load_tiktoken_bpe({url!r}, {put['sha256']!r}).values())"
    assert encode(code, tmp_path / "cache") == sorted(demo().mergeable_ranks.values())
    assert run("list", "--dir", tmp_path / "cache")[1].count("of another URL") == 1


def test_what_tiktoken_would_remove_is_refused(tmp_path: Path) -> None:
    mine, cache = tmp_path / "mine.tiktoken", tmp_path / "cache"
    demo().save(mine)
    published = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    text = tmp_path / "notes.txt"
    text.write_text("no ranks\n")
    for arguments, words in [
        ((mine,), "--url"),
        ((mine, "--url", published), "tiktoken expects"),
        ((text, "--url", "https://example.com/x"), "notes.txt"),
        ((tmp_path / "absent",), "No such file"),
        ((mine, mine, "--url", published), "one file"),
    ]:
        status, out, err = run("put", *arguments, "--dir", cache)
        assert (status, out) == (2, "")
        assert words in err
    assert not cache.exists()
    status, _, err = run("list", TIKTOKEN_CACHE_DIR="")
    assert status == 2
    assert "--dir" in err
    status, _, err = run("check", "cl100k", "--dir", cache)
    assert status == 2
    assert "cl100k_base" in err


def test_the_files_are_those_of_this_tiktoken() -> None:
    import tiktoken_ext.openai_public

    source = Path(tiktoken_ext.openai_public.__file__).read_text(encoding="utf-8")
    files = json.loads(run("list", "--json", "--dir", "absent")[1])["files"]
    assert all(file["url"] in source and file["sha256"] in source for file in files)
    assert source.count("https://") == len(files) + 1, "p50k_base stands there twice"
    names = {name for file in files for name in file["encodings"]}
    assert names == set(tiktoken_ext.openai_public.ENCODING_CONSTRUCTORS)
    assert names <= set(tiktoken.list_encoding_names())
