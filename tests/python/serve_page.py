"""What a user does on the page of ``bpekit serve``, done in Chromium.

`test_serve_page.py` runs it in the environment `browser`: JSON with the address, files and what is
to be seen comes in, JSON with what was seen goes out.
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright


def drop(page, side, paths):
    """Drops files and directories on a side, as a file manager does."""
    place = page.locator(f"#{side}-browse")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": paths, "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        point = {"x": box["x"] + 5, "y": box["y"] + 5}
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **point})


def ids(page, side):
    """The ids that are shown on a side."""
    text = page.locator(f"#{side}-ids").text_content()
    return [int(token) for token in text.split()]


def fetched(page, side, target, allowed=False):
    """The files of a conversion to a format, by their names, and what is said of it."""
    page.select_option(f"#{side}-format", target)
    page.click(f"#{side}-convert")
    converted = page.locator(f"#{side}-converted")
    if allowed:
        converted.get_by_role("button").click()
    expect(converted).to_contain_text("encode to the same ids")
    files = {}
    for link in converted.locator("a").all():
        with page.expect_download() as download:
            link.click()
        files[download.value.suggested_filename] = Path(download.value.path()).read_text()
    return {"files": files, "said": converted.text_content()}


def visit(page, job):
    """All of it, in the order of a visit."""
    seen = {}
    page.goto(job["address"])
    expect(page.locator("#left-count")).not_to_be_empty()
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")

    # What is typed is shown, key by key.
    page.fill("#text", "")
    expect(page.locator("#left-count")).to_have_text("0 tokens")
    page.locator("#text").press_sequentially(job["typed"])
    count = page.locator("#left-count")
    size = page.locator("#size")
    expect(size).to_have_text(job["typed_size"])
    expect(count).to_have_text(f"{len(job['typed_ids'])} tokens")
    seen["typed"] = ids(page, "left")
    page.fill("#text", job["hostile"])
    expect(size).to_have_text(job["hostile_size"])
    expect(count).to_have_text(f"{len(job['hostile_ids'])} tokens")
    seen["hostile"] = ids(page, "left")
    seen["elements"] = page.locator("#left-tokens").evaluate(
        "box => [...new Set([...box.querySelectorAll('*')].map(one => one.tagName))].sort()"
    )

    # Special tokens are text until one asks for them.
    page.fill("#text", job["special"])
    page.check("#special")
    expect(page.locator("#left-tokens .special")).to_have_count(1)
    page.uncheck("#special")
    expect(page.locator("#left-tokens .special")).to_have_count(0)

    # A second tokenizer, from the list and from files.
    page.select_option("#right-names", "demo")
    expect(page.locator("#comparison")).to_have_text("Both give the same ids.")
    drop(page, "right", [job["rank_file"]])
    expect(page.locator("#right-error")).to_contain_text("carries no split pattern")
    seen["demo_stays"] = page.input_value("#right-names")
    page.fill("#right-pattern", "gpt2")
    page.click("#right-pattern-form button")
    expect(page.locator("#right-error")).to_be_empty()
    expect(page.locator("#right-pattern-form")).to_be_hidden()
    page.fill("#text", job["typed"])
    expect(size).to_have_text(job["typed_size"])
    seen["rank_file"] = ids(page, "right")
    drop(page, "right", [job["directory"]])
    expect(page.locator("#right-names")).to_have_value("file tokenizer.json")
    expect(page.locator("#comparison")).to_have_text(job["comparison"])
    seen["directory"] = ids(page, "right")
    page.set_input_files("#right-files", [job["rank_file"], job["sidecar"]])
    expect(page.locator("#right-names")).to_have_value(f"file {Path(job['rank_file']).name}")
    expect(page.locator("#comparison")).to_have_text("Both give the same ids.")
    page.set_input_files("#right-files", [job["broken"]])
    expect(page.locator("#right-error")).to_contain_text("broken.json")
    seen["broken"] = page.locator("#right-error").text_content()
    page.select_option("#right-names", "")
    expect(page.locator("#right-open")).to_be_hidden()

    # Written in other formats.
    seen["tiktoken"] = fetched(page, "left", "tiktoken")
    drop(page, "left", [job["directory"]])
    expect(page.locator("#left-names")).to_have_value("file tokenizer.json")
    seen["lossy"] = fetched(page, "left", "rank-json", allowed=True)

    # A long text is counted whole.
    page.fill("#text", job["long"])
    expect(count).to_have_text(job["long_count"])
    expect(page.locator("#left-cut")).to_contain_text("The first 5,000")
    return seen


def main():
    """Run the visit."""
    job = json.load(sys.stdin)
    with sync_playwright() as playwright:
        # Chromium's sandbox needs what containers do not give; the page is our own.
        browser = playwright.chromium.launch(executable_path=job["chromium"], args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type in ("error", "warning") and "422" not in message.text
                else None
            ),
        )
        elsewhere = []
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((job["address"], "blob:"))
                else elsewhere.append(request.url)
            ),
        )
        seen = visit(page, job)
        browser.close()
    json.dump({**seen, "complaints": complaints, "elsewhere": elsewhere}, sys.stdout)


if __name__ == "__main__":
    main()
