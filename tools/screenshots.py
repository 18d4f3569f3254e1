"""Makes the pictures of the documentation in a browser, and checks what they show with axe.

`make screenshots` runs it: it needs Chromium (Debian's package `chromium`), which no registry of
Python has, and fonts for what is shown (`fonts-noto-core`, `fonts-noto-cjk` and
`fonts-noto-color-emoji`). A page with an accessibility error fails it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
AXE_URL = "https://registry.npmjs.org/axe-core/-/axe-core-4.14.1.tgz"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
TEXT = "Tokens of a text: cat, 12345, naïve, Größe, привет, 日本語, 👩‍🚀\n\tdef f(x): return x\n"
WIDTH = 900


def axe() -> str:
    """The script of axe-core, as npm has it."""
    cached = ROOT / "target" / "axe-core.tgz"
    if not cached.exists():
        with urllib.request.urlopen(AXE_URL) as response:
            cached.write_bytes(response.read())
    content = cached.read_bytes()
    if hashlib.sha256(content).hexdigest() != AXE_SHA256:
        cached.unlink()
        raise SystemExit(f"{AXE_URL} is not the file that was checked")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


COMMAND = str(ROOT / "target" / "venv" / "bin" / "bpekit")
ENVIRONMENT = {**os.environ, "BPEKIT_HOME": str(ROOT / "target" / "real-files")}


def bpekit(*arguments: str) -> str:
    """What the command prints."""
    command = [COMMAND, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return done.stdout


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """The address of `bpekit serve`."""
    command = [COMMAND, "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.send_signal(signal.SIGINT)


def check(page: Page, script: str, name: str) -> None:
    """Fail if axe finds an error on the page."""
    # Not a script element: the policy of the served page has no place for one.
    page.evaluate(script)
    found: dict[str, Any] = page.evaluate("axe.run()")
    for violation in found["violations"]:
        print(f"{name}: {violation['id']}: {violation['help']}", file=sys.stderr)
        for node in violation["nodes"][:5]:
            print(f"  {node['html'][:200]}", file=sys.stderr)
    if found["violations"] or not found["passes"]:
        raise SystemExit(f"{name} has accessibility errors")


def terminal() -> str:
    """A page that shows what the command prints on a terminal."""
    printed = bpekit("show", "-t", "o200k_base", "--color", "always", "--width", "90", TEXT)
    listed = bpekit("show", "-t", "o200k_base", "--color", "always", "--ids", "naïve 👩‍🚀")
    console = Console(record=True, width=92, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ bpekit show -t o200k_base --file note.txt"))
    console.print(Text.from_ansi(printed))
    console.print(Text("$ bpekit show -t o200k_base --ids 'naïve 👩‍🚀'"))
    console.print(Text.from_ansi(listed))
    inside = console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    return page_of(
        f"<div style='background:#111;color:#eee;padding:1em'>{inside}</div>", "Terminal"
    )


def notebook() -> str:
    """A page with what a notebook shows."""
    return page_of(bpekit("show", "-t", "o200k_base", "--html", TEXT), "Notebook")


def page_of(inside: str, title: str) -> str:
    """A page around a piece of HTML; dark where that is asked for."""
    style = "body{margin:1.5em}@media(prefers-color-scheme:dark){body{background:#111}}"
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<style>:root{{color-scheme:light dark}}{style}</style></head><body><main>"
        f"<h1 style='position:absolute;left:-999em'>{title}</h1>{inside}</main></body></html>"
    )


def take(
    browser: Browser, script: str, name: str, content: str, scheme: str, height: int | None
) -> None:
    """One picture: of all that the page says, or of so many pixels from its top."""
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": WIDTH, "height": height or 200},
    )
    page.set_content(content)
    check(page, script, f"{name} ({scheme})")
    path = str(IMAGES / f"{name}-{scheme}.png")
    if height is None:
        page.locator("main").screenshot(path=path)
    else:
        page.screenshot(path=path)
    page.close()


def take_served(browser: Browser, script: str, address: str, scheme: str) -> None:
    """A picture of the served page in use."""
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 1100, "height": 760},
    )
    page.goto(address)
    # Not wait_for_function: it evaluates text, which the page's policy forbids.
    page.locator(".tokens span").nth(20).wait_for()
    # What is folded is looked at too, then folded again.
    for side in ("left", "right"):
        page.locator(f"section[aria-label={side.title()}] summary").evaluate_all(
            "all => all.forEach(one => one.click())"
        )
        page.click(f"#{side}-convert")
        page.locator(f"#{side}-converted a").first.wait_for()
    check(page, script, f"serve ({scheme})")
    for folded in page.locator("details").all()[1:]:
        folded.locator("summary").click()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=str(IMAGES / f"serve-{scheme}.png"))
    page.close()


def main() -> None:
    """Make all pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("no Chromium on the path; on Debian: apt-get install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    script = axe()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        texts = [f"--text={path.stem}={path}" for path in sorted(ROOT.glob("*.md"))]
        both = ["o200k_base", "--with", "cl100k_base"]
        bpekit("report", *both, *texts, "-o", str(report))
        pages = {
            "terminal": (terminal(), None, ["dark"]),
            "notebook": (notebook(), None, ["light", "dark"]),
            "report": (report.read_text(encoding="utf-8"), 1900, ["light", "dark"]),
        }
    with sync_playwright() as playwright:
        # Chromium's sandbox needs what containers do not give; the pages are our own.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (content, height, schemes) in pages.items():
            for scheme in schemes:
                take(browser, script, name, content, scheme, height)
        with serving("o200k_base", "cl100k_base") as address:
            for scheme in ("light", "dark"):
                take_served(browser, script, address, scheme)
        browser.close()


if __name__ == "__main__":
    main()
