"""The pictures of the console: each screen in both languages, each on its page, none left over."""

from __future__ import annotations

import re
from typing import get_args

from PIL import Image

from mlconnector.texts.language import Language
from mlconnector.web.console.screens import every_screen
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs/how-to/console-screens.md"
SCRIPT = (ROOT / "scripts/screens.py").read_text("utf-8")


def test_the_page_shows_every_picture_in_both_languages() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(console/([a-z-]+)\.(de|en)\.png\)", PAGE.read_text("utf-8"))
    kept = {tuple(one.name.split(".")[:2]) for one in (PAGE.parent / "console").glob("*.png")}
    assert set(shown) == kept
    assert len(shown) == len(kept)
    names = {name for name, _ in shown}
    assert kept == {(name, language) for name in names for language in get_args(Language)}


def test_every_area_of_the_console_has_its_picture() -> None:
    for screen in every_screen():
        if screen.order:
            assert re.search(rf'": f?"{screen.path}["?/]', SCRIPT), screen.name


def test_pictures_are_what_a_screen_shows_at_their_width() -> None:
    for file in (PAGE.parent / "console").glob("*.png"):
        with Image.open(file) as picture:
            assert picture.width == 1280, file.name
