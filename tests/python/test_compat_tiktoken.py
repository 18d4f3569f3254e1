"""`bpekit.compat.tiktoken` in tiktoken's place: its own tests, its loader, its registry."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import tiktoken as their_tiktoken
import tiktoken.load
import tiktoken.model
from tiktoken_ext import openai_public

import bpekit
import bpekit.compat.tiktoken as ours
import bpekit.compat.tiktoken.core
import bpekit.compat.tiktoken.load
import bpekit.compat.tiktoken.model
import bpekit.compat.tiktoken.registry
from real import real_file, real_files
from small import demo

BLOBS = "https://openaipublic.blob.core.windows.net/encodings/"
RANKS = {
    "r50k_base": "r50k_base.tiktoken",
    "p50k_base": "p50k_base.tiktoken",
    "cl100k_base": "cl100k_base.tiktoken",
    "o200k_base": "o200k_base.tiktoken",
}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with the ranks of OpenAI's encodings, and nothing found anywhere else."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name, file in RANKS.items():
        (folder / f"{name}.tiktoken").symlink_to(real_file(file))
    monkeypatch.setenv("BPEKIT_HOME", str(folder))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "no cache"))
    monkeypatch.setattr(ours.registry, "ENCODINGS", {})
    return folder


def test_tests_of_tiktoken_pass(home: Path, tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "__init__.py").touch()
    for file in real_files("Python tests"):
        text = real_file(file.name).read_text("utf-8")
        (tests / file.name.removeprefix("tiktoken_")).write_text(text, "utf-8")
    (tmp_path / "conftest.py").write_text(
        "import sys\n"
        "import bpekit.compat.tiktoken\n"
        'sys.modules["tiktoken"] = bpekit.compat.tiktoken\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "33 passed" in done.stdout


@pytest.mark.parametrize("module", ["core", "load", "model", "registry"])
def test_every_name_of_tiktoken_is_there(module: str) -> None:
    theirs = vars(getattr(their_tiktoken, module))
    public = {
        name
        for name, value in theirs.items()
        if not name.startswith("_")
        and getattr(value, "__module__", "tiktoken").startswith("tiktoken")
        and not isinstance(value, ModuleType)
        and name not in ("annotations", "TYPE_CHECKING")
    }
    assert public
    assert not {name for name in public if not hasattr(getattr(ours, module), name)}


def test_every_method_of_tiktoken_is_there() -> None:
    assert set(dir(their_tiktoken.Encoding)) - set(dir(ours.Encoding)) <= {
        # Needs the package regex, and gives other ids than the engine for some texts.
        "_encode_only_native_bpe",
    }
    assert ours.__version__ == their_tiktoken.__version__


def test_models() -> None:
    assert ours.model.MODEL_TO_ENCODING == their_tiktoken.model.MODEL_TO_ENCODING
    prefixes = list(their_tiktoken.model.MODEL_PREFIX_TO_ENCODING.items())
    assert list(ours.model.MODEL_PREFIX_TO_ENCODING.items()) == prefixes
    assert ours.list_encoding_names()[:7] == list(openai_public.ENCODING_CONSTRUCTORS)
    with pytest.raises(KeyError, match="Could not automatically map"):
        ours.encoding_name_for_model("gpt-x")


def test_registered_encodings(home: Path) -> None:
    encoding = ours.get_encoding("cl100k_base")
    assert ours.get_encoding("cl100k_base") is encoding
    assert ours.encoding_for_model("gpt-4") is encoding
    assert repr(encoding) == "<Encoding 'cl100k_base'>"
    assert isinstance(encoding, ours.Encoding) and isinstance(encoding, bpekit.Tokenizer)
    # By reference, and equal all the same.
    data = pickle.dumps(encoding)
    assert len(data) < 200
    assert pickle.loads(data).encode("hello") == encoding.encode("hello")
    arguments = ours.registry.ENCODING_CONSTRUCTORS["cl100k_base"]()
    again = their_tiktoken.Encoding(**arguments)
    text = "don't 1234567 été \u4e2d\u6587 <|endoftext|>"
    assert again.encode(text, allowed_special="all") == encoding.encode(text, allowed_special="all")


def test_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BPEKIT_HOME", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError) as caught:
        ours.get_encoding("o200k_harmony")
    message = str(caught.value)
    assert message.startswith("no file of `o200k_harmony` is found; looked in:")
    assert "BPEKIT_HOME is not set" in message and f"{tmp_path} (tiktoken's cache)" in message
    with pytest.raises(ValueError, match=r"^Unknown encoding nothing\.\nPlugins found: "):
        ours.get_encoding("nothing")
    with pytest.raises(ValueError, match="Expected a string in get_encoding"):
        ours.get_encoding(5)  # type: ignore[arg-type]


def test_the_cache_of_tiktoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BPEKIT_HOME", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(ours.registry, "ENCODINGS", {})
    url = f"{BLOBS}r50k_base.tiktoken"
    data = real_file("r50k_base.tiktoken").read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    path = tmp_path / hashlib.sha1(url.encode()).hexdigest()

    with pytest.raises(FileNotFoundError, match="download"):
        ours.load.load_tiktoken_bpe("https://example.com/x.tiktoken", sha256)
    path.write_bytes(data)
    ranks = ours.load.load_tiktoken_bpe(url, sha256)
    assert ranks == their_tiktoken.load.load_tiktoken_bpe(url, sha256)
    path.write_bytes(data[:-1])
    with pytest.raises(ValueError, match="Hash mismatch"):
        ours.load.load_tiktoken_bpe(url, sha256)
    # What is not right is not taken away either.
    assert path.exists()


def test_files_of_ranks(home: Path, tmp_path: Path) -> None:
    ranks = demo().mergeable_ranks
    path = str(tmp_path / "mine.tiktoken")
    ours.load.dump_tiktoken_bpe(ranks, path)
    sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    for module in (ours.load, their_tiktoken.load):
        assert module.load_tiktoken_bpe(path) == ranks
        assert module.load_tiktoken_bpe(path, sha256) == ranks
        assert module.read_file(path) == Path(path).read_bytes()
    with pytest.raises(ValueError, match="Hash mismatch"):
        ours.load.load_tiktoken_bpe(path, "0" * 64)
    # OpenAI's own are found without a cache.
    found = ours.load.load_tiktoken_bpe(f"{BLOBS}p50k_base.tiktoken")
    assert found == bpekit.load(real_file("p50k_base.tiktoken")).mergeable_ranks


def test_the_two_files_of_gpt2() -> None:
    files = [str(real_file(name)) for name in ("gpt2_vocab.bpe", "gpt2_encoder.json")]
    theirs = their_tiktoken.load.data_gym_to_mergeable_bpe_ranks(*files)
    assert ours.load.data_gym_to_mergeable_bpe_ranks(*files) == theirs


PLUGIN = """
from tiktoken.load import load_tiktoken_bpe

def mine():
    import tiktoken.core
    return {"name": "mine", "pat_str": "[a-z]+|[^a-z]", "special_tokens": {"<end>": 256},
            "mergeable_ranks": {bytes([byte]): byte for byte in range(256)}}

ENCODING_CONSTRUCTORS = {"mine": mine}
"""


@pytest.mark.parametrize("has_tiktoken", [True, False])
def test_plugins(tmp_path: Path, has_tiktoken: bool) -> None:
    folder = tmp_path / "tiktoken_ext"
    folder.mkdir()
    (folder / "mine.py").write_text(PLUGIN)
    # A name that cannot be found stands for a tiktoken that is not installed.
    script = f"""
import importlib.util, sys
sys.path.insert(0, {str(tmp_path)!r})
if not {has_tiktoken}:
    class Nothing:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "tiktoken":
                raise ModuleNotFoundError(name)
    find = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *rest: None if name == "tiktoken" else find(name, *rest)
    sys.meta_path.insert(0, Nothing())
import bpekit.compat.tiktoken as tiktoken
assert "mine" in tiktoken.list_encoding_names()
encoding = tiktoken.get_encoding("mine")
assert encoding.encode("ab<end>", allowed_special="all") == [97, 98, 256]
assert ("tiktoken" in sys.modules) == {has_tiktoken}
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_replacing_tiktoken(home: Path) -> None:
    script = """
import bpekit.compat
bpekit.compat.replace_tiktoken()
import tiktoken
from tiktoken.core import Encoding
from tiktoken.load import load_tiktoken_bpe
assert tiktoken.get_encoding("gpt2").encode("hello world") == [31373, 995]
assert tiktoken.Encoding is Encoding
assert Encoding.__module__.startswith("bpekit")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
