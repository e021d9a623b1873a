"""Takes the pictures of docs/how-to/console-screens.md: each screen of the console, in both languages.

Without an argument the demo runs in a folder that is thrown away; a folder that is given is kept, and a later
call goes on with it.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import get_args
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from mlconnector.app import Application, opened
from mlconnector.commands.demo import JOB_SECONDS, demo_settings, set_up
from mlconnector.commands.demonstration import demo_sink, demo_sources, stage
from mlconnector.commands.working import work_through
from mlconnector.flow.connect import adviser_link, last_check
from mlconnector.flow.people import users
from mlconnector.flow.report import waiting
from mlconnector.standins.serving import serve
from mlconnector.store import batches, lookup, people
from mlconnector.texts.language import Language
from mlconnector.web.application import create_app
from mlconnector.web.console.screens import console

PICTURES = Path(__file__).resolve().parents[1] / "docs/how-to/console"
RECORDS = 40
BOOKS, SITES = "demo-cin7", "demo-procore"
_WINDOW = ViewportSize(width=1280, height=860)
_TALLEST = 1400
_COLOURS = 64
_NAME, _PASSWORD = "admin@example.com", "four random words here"
_CHROMIUM = "/usr/bin/chromium"


def places(app: Application) -> Mapping[str, str]:
    """What there are pictures of, in the order of the page, and the address of each below `/console/`."""
    of_books = urlencode({"connection": BOOKS})
    with app.database.read() as db:
        batch = next(one for one in batches.listed(db, BOOKS) if one.vouchers > 3)
        booked = next(row for row in lookup.of_batch(db, BOOKS, batch.id) if row.kind == "invoice")
    (first,) = waiting.groups(app.services, limit=1).shown
    cause = urlencode({"connection": first.connection, "cause": first.cause})
    report = urlencode({"connection": BOOKS})
    return {
        "overview": "",
        "set-up": "connections",
        "settings": f"connections/draft?{of_books}",
        "connection": f"connections/connection?{of_books}",
        "check": f"check/result?{of_books}",
        "runs": f"runs?{of_books}",
        "confirm": f"mapping?{of_books}",
        "rows": f"mapping/rows?{of_books}",
        "words": f"mapping/words?{of_books}",
        "tables": "warehouses",
        "preview": f"preview?{of_books}&stand=all",
        "voucher": f"preview/voucher?{urlencode({'voucher': booked.id})}",
        "release": f"preview/release?{of_books}",
        "exceptions": "exceptions",
        "cause": f"exceptions/cause?{cause}",
        "transfers": "batches",
        "transfer": f"batches/batch?{urlencode({'name': batch.id})}",
        "reports": "reports",
        "open-items": f"reports/opos?{report}",
        "evidence": "evidence",
        "story": f"evidence/voucher?{urlencode({'key': booked.id})}",
        "trail": "evidence/trail",
        "procedure": "evidence/procedure",
        "notifications": "notifications",
        "users": "people",
    }


@contextmanager
def demo_console(out: Path) -> Iterator[tuple[Application, str]]:
    """The console of a demo of all sources under `out`, with its first administrator, and its address."""
    with (
        stage(out, [*demo_sources(), demo_sink()], RECORDS, JOB_SECONDS) as scene,
        opened(demo_settings(out)) as app,
    ):
        for source in demo_sources():
            set_up(app, source, scene, lambda _text: None)
        with app.working() as workflows:
            work_through(app, workflows, [f"demo-{source}" for source in demo_sources()], None)
            last_check.check(app.context(BOOKS), _NAME)
            with app.database.read() as db:
                is_new = not people.is_anybody(db)
            if is_new:
                users.add(app.services, _NAME, "admin", _PASSWORD, by="demo")
            with serve(create_app(app, workflows, console())) as address:
                yield app, address


def taken(browser: Browser, address: str, language: Language, wanted: Mapping[str, str]) -> None:
    """Take the pictures in one language."""
    page = browser.new_context(locale=language, viewport=_WINDOW).new_page()
    page.goto(f"{address}/console/login")
    page.fill("[name=name]", _NAME)
    page.fill("[name=password]", _PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/console/")
    for name, path in wanted.items():
        answer = page.goto(f"{address}/console/{path}")
        if answer is None or not answer.ok:
            raise SystemExit(f"{path} cannot be shown")
        keep(page, PICTURES / f"{name}.{language}.png")


def keep(page: Page, file: Path) -> None:
    """Keep what a page shows, down to where pictures end, with few colours."""
    height = min(_TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size(ViewportSize(width=_WINDOW["width"], height=max(height, 500)))
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    page.set_viewport_size(_WINDOW)


def adviser_door(app: Application, browser: Browser, address: str, language: Language) -> None:
    """Take the picture of what an adviser sees who has come by a link."""
    key, _ = adviser_link.invite(app.context(SITES), _NAME)
    page = browser.new_context(locale=language, viewport=_WINDOW).new_page()
    page.goto(f"{address}/console/adviser?{urlencode({'key': key})}")
    page.fill("[name=name]", {"de": "Kanzlei Beispiel", "en": "Example tax advisers"}[language])
    page.keyboard.press("Enter")
    page.wait_for_selector("#seeds")
    keep(page, PICTURES / f"adviser.{language}.png")


def main() -> None:
    """Run the demo, and take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as thrown_away:
        if len(sys.argv) == 1:
            # The pictures show where the demo is, as whoever runs it sees that.
            os.chdir(thrown_away)
        out = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out")
        out.mkdir(parents=True, exist_ok=True)
        # The browser comes within: its loop of events must not run where durable work is started and ended.
        with demo_console(out) as (app, address), sync_playwright() as running:
            browser = running.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--lang=de"])
            wanted = places(app)
            for language in get_args(Language):
                taken(browser, address, language, wanted)
                adviser_door(app, browser, address, language)
            browser.close()


if __name__ == "__main__":
    main()
