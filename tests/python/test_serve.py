"""`bpekit serve`: what its addresses answer, whom they refuse, and the page in a browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

import bpekit
from peers import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
TEXT = "the cat sat on 12 mats, naïve 日本\n"


@contextlib.contextmanager
def serving(*arguments: str, home: Path | None = None) -> Iterator[str]:
    """The address of a server that is ended afterwards."""
    command = [sys.executable, "-m", "bpekit", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "BPEKIT_HOME": str(home or "")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            if not address:
                pytest.fail(server.communicate()[1])
            yield address
        finally:
            # As Ctrl-C does.
            server.send_signal(signal.SIGINT)
            assert server.wait(10) in (-signal.SIGINT, 130)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as address:
        yield address


def request(
    address: str,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def ask(address: str, path: str, body: bytes = b"", **parameters: object) -> tuple[int, Any]:
    status, _, content = request(address, "POST", f"{path}?{urlencode(parameters)}", body)
    return status, json.loads(content)


def opened(address: str, **files: bytes) -> Any:
    names = json.dumps([[name, len(content)] for name, content in files.items()])
    status, answer = ask(address, "/api/open", b"".join(files.values()), files=names)
    assert status == 200, answer
    return answer


def test_shows_what_encode_gives(address: str) -> None:
    tok = bpekit.demo()
    status, answer = ask(address, "/api/show", TEXT.encode(), keys=1)
    assert status == 200
    (side,) = answer["sides"]
    assert side["ids"] == tok.encode_ordinary(TEXT)
    assert side["tokens"] == len(side["ids"])
    assert (answer["characters"], answer["bytes"]) == (len(TEXT), len(TEXT.encode()))
    assert side["bytes_per_token"] == len(TEXT.encode()) / len(side["ids"])
    assert answer["comparison"] is None
    special = "<|endoftext|>"
    _, plain = ask(address, "/api/show", special.encode(), keys=1)
    _, found = ask(address, "/api/show", special.encode(), keys=1, special="yes")
    assert plain["sides"][0]["ids"] == tok.encode_ordinary(special)
    assert found["sides"][0]["ids"] == [tok.special_tokens[special]]


def test_markup_in_a_text_is_text(address: str) -> None:
    hostile = "<script>alert(1)</script>&amp;\"'<img src=x onerror=alert(1)>"
    _, answer = ask(address, "/api/show", hostile.encode(), keys=1)
    markup = answer["sides"][0]["html"]
    for part in ("<script", "<img"):
        assert part not in markup
    assert markup.count("<") == markup.count(">") == 2 * len(answer["sides"][0]["ids"])


def test_two_tokenizers_are_compared(address: str, tmp_path: Path) -> None:
    demo = bpekit.demo()
    demo.save(tmp_path / "demo.tiktoken")
    moved = bpekit.Tokenizer(
        name="moved",
        pat_str=demo.get_pattern(),
        mergeable_ranks={token: rank + 7 for token, rank in demo.mergeable_ranks.items()},
        special_tokens={},
    )
    moved.save(tmp_path / "moved.tiktoken")
    keys = [1]
    for name in ("demo", "moved"):
        files = {
            file.name: file.read_bytes() for file in sorted(tmp_path.glob(f"{name}.tiktoken*"))
        }
        assert len(files) == 2
        keys.append(opened(address, **files)["key"])
    first = keys[0]
    _, same = ask(address, "/api/show", TEXT.encode(), keys=f"{first},{keys[1]}")
    assert same["comparison"]["same_ids"]
    _, other = ask(address, "/api/show", TEXT.encode(), keys=f"{first},{keys[2]}")
    count = len(demo.encode_ordinary(TEXT))
    assert other["comparison"] == {
        "same_ids": False,
        "same_tokens": True,
        "common_ends": count,
    }


@pytest.mark.parametrize("to", [info.name for info in bpekit.formats()])
def test_converts_as_convert_does(address: str, tmp_path: Path, to: str) -> None:
    demo = bpekit.demo()
    status, answer = ask(address, "/api/convert", key=1, to=to)
    allowed: list[str] = []
    if status == 422 and "losses" in answer:
        allowed = [loss["part"] for loss in answer["losses"] if loss["changes_ids"]]
        status, answer = ask(address, "/api/convert", key=1, to=to, allow_loss=",".join(allowed))
    if status == 422:
        with pytest.raises(ValueError, match=r".") as refused:
            demo.save(tmp_path / "x", format=to, allow_loss=allowed)
        assert refused.value.args[0].split("; ")[0].split(": ")[-1] in answer["error"]
        return
    folder = tmp_path / "demo"
    is_directory = to in ("hf-dir", "tiktoken-plugin")
    target = folder if is_directory else folder / answer["files"][0]["name"]
    folder.mkdir(exist_ok=True)
    demo.save(target, format=to, allow_loss=allowed)
    written = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    served = {}
    for file in answer["files"]:
        path = f"/api/files/{answer['number']}/{file['name'].replace('/', '%2F')}"
        status, headers, content = request(address, "GET", path)
        assert status == 200
        assert headers["content-disposition"] == "attachment"
        assert len(content) == file["bytes"]
        served[file["name"]] = content
    assert served == written


def test_strangers_are_refused(address: str) -> None:
    own = urlsplit(address).netloc
    port = own.rpartition(":")[2]
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost:x",
        "",
    ):
        for path in ("/", "/api/start", "/page.js"):
            assert request(address, "GET", path, headers={"Host": host})[0] == 403, host
    for host in (own, f"localhost:{port}", "localhost:9", "127.0.0.1"):
        assert request(address, "GET", "/", headers={"Host": host})[0] == 200, host
    for origin in ("http://evil.example", f"https://{own}", "null", "http://localhost", ""):
        status = request(address, "POST", "/api/show?keys=1", b"a", {"Origin": origin})[0]
        assert status == 403, origin
    status = request(address, "POST", "/api/show?keys=1", b"a", {"Origin": f"http://{own}"})[0]
    assert status == 200


def test_the_page_may_load_nothing_else(address: str) -> None:
    for path in ("/", "/page.js", "/page.css", "/api/start", "/nothing"):
        _, headers, content = request(address, "GET", path)
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert b"https://" not in content
    assert request(address, "GET", "/nothing")[0] == 404
    assert request(address, "GET", "/../../etc/passwd")[0] == 404
    assert request(address, "GET", "/api/files/1/..%2F..%2Fetc%2Fpasswd")[0] == 404


@pytest.mark.parametrize(
    ("path", "parameters", "body", "status", "says"),
    [
        ("/api/show", {"keys": "x"}, b"a", 400, "one or two numbers"),
        ("/api/show", {"keys": "1,1,1"}, b"a", 400, "one or two numbers"),
        ("/api/show", {"keys": "999"}, b"a", 404, "open it again"),
        ("/api/open", {}, b"", 400, "neither"),
        ("/api/open", {"files": "{}"}, b"", 400, "neither"),
        ("/api/open", {"files": "[]"}, b"", 422, "no file"),
        ("/api/open", {"files": '[["a",3]]'}, b"ab", 422, "lengths"),
        ("/api/open", {"files": f'[["a",{2**64 - 1}],["b",3]]'}, b"ab", 422, "lengths"),
        ("/api/open", {"files": '[["a.json",2]]'}, b"{}", 422, "a.json"),
        ("/api/open", {"name": "../../etc/passwd"}, b"", 422, "is no published encoding"),
        ("/api/open", {"name": "/etc/passwd"}, b"", 422, "is no published encoding"),
        ("/api/convert", {"key": "1", "to": "nonsense"}, b"", 422, "nonsense"),
        ("/api/convert", {"key": "1", "to": "gguf", "allow_loss": "x"}, b"", 400, "unknown part"),
        ("/api/convert", {"key": "", "to": "gguf"}, b"", 400, "number"),
    ],
)
def test_refusals(
    address: str, path: str, parameters: dict[str, str], body: bytes, status: int, says: str
) -> None:
    got, answer = ask(address, path, body, **parameters)
    assert (got, says in answer["error"]) == (status, True), answer


def test_too_much_and_no_text(address: str) -> None:
    status, _, _ = request(address, "POST", "/api/show?keys=1", b"\xff\xfe")
    assert status == 400
    status, _, _ = request(address, "POST", "/api/show?keys=1", b"a" * ((16 << 20) + 1))
    assert status == 413
    assert ask(address, "/api/show", b"still here", keys=1)[0] == 200


def test_the_oldest_is_closed(tmp_path: Path) -> None:
    with serving("demo", "demo") as address:
        for _ in range(7):
            ask(address, "/api/show", b"a", keys=1)
            status, last = ask(address, "/api/open", name="demo")
            assert status == 200
        # The first was used meanwhile, the second was not.
        assert ask(address, "/api/show", b"a", keys=f"1,{last['key']}")[0] == 200
        assert ask(address, "/api/show", b"a", keys=2)[0] == 404


def test_listens_here_alone_and_says_where(address: str) -> None:
    port = urlsplit(address).port
    assert port is not None
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = {line[1] for line in listening if line[3] == "0A"}
    assert f"0100007F:{port:04X}" in places
    assert f"00000000:{port:04X}" not in places


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "bpekit", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"port {port}: " in done.stderr
    assert "hint: `--port 0`" in done.stderr


def page_files(tmp_path: Path) -> dict[str, str]:
    """The files that are dropped on the page."""
    tok = bpekit.demo()
    paths = {
        "rank_file": tmp_path / "mine.tiktoken",
        "sidecar": tmp_path / "mine.tiktoken.json",
        "directory": tmp_path / "model",
        "broken": tmp_path / "broken.json",
    }
    tok.save(paths["rank_file"])
    # Other ids, and a loss for formats without a normalizer.
    tok.save(paths["directory"], format="hf-dir")
    json_path = paths["directory"] / "tokenizer.json"
    value = json.loads(json_path.read_text(encoding="utf-8"))
    value["normalizer"] = {"type": "Lowercase"}
    json_path.write_text(json.dumps(value), encoding="utf-8")
    (paths["directory"] / "model.safetensors").write_bytes(bytes(1 << 20))
    paths["broken"].write_text('{"model": {"type": "BPE", "vocab": 3}}')
    return {name: str(path) for name, path in paths.items()}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")
def test_the_page_in_a_browser(tmp_path: Path) -> None:
    tok = bpekit.demo()
    python = ENVIRONMENTS / "browser" / "bin" / "python"
    assert python.exists(), "run `make peers`"
    typed, hostile = "Something ELSE there", '<img src=x onerror="alert(1)"> & <b>日</b>'
    lowered = bpekit.load(page_files(tmp_path)["directory"])
    ids, other = tok.encode_ordinary(typed), lowered.encode_ordinary(typed)
    assert ids != other
    text = "word " * 6000
    job = {
        **page_files(tmp_path),
        "chromium": CHROMIUM,
        "typed": typed,
        "typed_ids": ids,
        "typed_size": f"{len(typed)} characters, {len(typed)} bytes",
        "hostile": hostile,
        "hostile_ids": tok.encode_ordinary(hostile),
        "hostile_size": f"{len(hostile)} characters, {len(hostile.encode())} bytes",
        "special": "<|endoftext|>",
        "comparison": f"{100 * abs(len(other) / len(ids) - 1):.1f} % "
        f"{'fewer' if len(other) < len(ids) else 'more'} tokens on the right.",
        "long": text,
        "long_count": f"{len(tok.encode_ordinary(text)):,} tokens",
    }
    with serving() as address:
        script = Path(__file__).with_name("serve_page.py")
        done = subprocess.run(
            [python, "-I", script],
            input=json.dumps({**job, "address": address}),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["complaints"] == seen["elsewhere"] == []
    assert seen["typed"] == seen["rank_file"] == ids
    assert seen["hostile"] == job["hostile_ids"]
    assert set(seen["elements"]) <= {"SPAN", "I", "BR"}
    assert seen["demo_stays"] == "demo"
    assert seen["directory"] == other
    assert "broken.json" in seen["broken"]
    tok.save(tmp_path / "demo.tiktoken")
    assert seen["tiktoken"]["files"] == {
        name: (tmp_path / name).read_text() for name in ("demo.tiktoken", "demo.tiktoken.json")
    }
    assert "shown for every text" in seen["tiktoken"]["said"]
    assert "leaving aside what is lost" in seen["lossy"]["said"]
    assert "normalizer" in seen["lossy"]["said"]
