"""Paper: A4 pages of text and rules as a PDF; the same drawing always gives the same bytes.

The usual fonts are two of the 14 that every viewer has (ISO 32000-1, 9.6.2.2), so nothing is embedded; for
papers that have to carry their fonts there are two that ReportLab brings. Both show what windows-1252 has,
and text is transliterated to that. Lengths are points, `y` is measured from the top.
"""

from __future__ import annotations

import io
from bisect import bisect
from collections.abc import Callable
from typing import Literal

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from mlconnector.formats.extf.text import clean

WIDTH: float = A4[0]
HEIGHT: float = A4[1]

# Without its ASCII wrapping a page takes a third less time and a fifth less space.
rl_config.useA85 = 0

Align = Literal["left", "right"]
_UNLIMITED = 1 << 30
_IN_EVERY_VIEWER = {False: "Helvetica", True: "Helvetica-Bold"}
_EMBEDDED = {False: "Vera", True: "VeraBd"}

for _font in _EMBEDDED.values():
    registerFont(TTFont(_font, f"{_font}.ttf"))


class Paper:
    """Pages that are drawn one after the other; `replaced` is True once text had to be transliterated."""

    def __init__(self, title: str, subject: str, creator: str, *, embedded: bool = False) -> None:
        self.replaced = False
        self._fonts = _EMBEDDED if embedded else _IN_EVERY_VIEWER
        self._page: list[Callable[[_Pen], None]] = []
        self._pages = [self._page]
        self._about = (title, subject, creator)

    def shown(self, text: str) -> str:
        """The text as the fonts can show it."""
        shown, changes = clean(text, "text", _UNLIMITED, "windows-1252")
        self.replaced = self.replaced or any(change.reason != "control_characters" for change in changes)
        return shown

    def wrapped(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """The text as the fonts can show it, in lines that fit into `width`; longer words are cut."""
        font = self._fonts[bold]
        lines: list[str] = []
        line, used = "", 0.0
        blank = stringWidth(" ", font, size)
        for word in self.shown(text).split():
            long = stringWidth(word, font, size)
            if line and used + blank + long <= width:
                line, used = f"{line} {word}", used + blank + long
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, width, size, font)
            lines += full
            used = stringWidth(line, font, size) if full else long
        return [*lines, line] if line else lines

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        grey: float = 0.0,
        align: Align = "left",
    ) -> None:
        """One line of text with its base line at `y`; `grey` is 0 for black and 1 for white."""
        shown, font = self.shown(text), self._fonts[bold]

        def draw(pen: _Pen) -> None:
            pen.take(font, size, grey)
            put = pen.canvas.drawRightString if align == "right" else pen.canvas.drawString
            put(x, HEIGHT - y, shown)

        self._page.append(draw)

    def rule(self, x: float, y: float, width: float, *, thick: float = 0.5, grey: float = 0.0) -> None:
        """A horizontal line."""

        def draw(pen: _Pen) -> None:
            pen.canvas.setStrokeGray(grey)
            pen.canvas.setLineWidth(thick)
            pen.canvas.line(x, HEIGHT - y, x + width, HEIGHT - y)

        self._page.append(draw)

    def shade(self, x: float, y: float, width: float, height: float, *, grey: float) -> None:
        """A filled box with its upper edge at `y`."""

        def draw(pen: _Pen) -> None:
            pen.take(None, 0, grey)
            pen.canvas.rect(x, HEIGHT - y - height, width, height, stroke=0, fill=1)

        self._page.append(draw)

    def next_page(self) -> None:
        """What follows goes on a new page."""
        self._page = []
        self._pages.append(self._page)

    def pdf(self, footer: Callable[[int, int], tuple[str, str]], x: float, y: float, size: float) -> bytes:
        """The pages; `footer` gives the left and right text beneath page n of m, base line at `y`."""
        for number, page in enumerate(self._pages, start=1):
            self._page = page
            left, right = footer(number, len(self._pages))
            self.text(x, y, left, size, grey=0.4)
            self.text(WIDTH - x, y, right, size, grey=0.4, align="right")
        stream = io.BytesIO()
        canvas = Canvas(
            stream,
            pagesize=A4,
            invariant=1,
            pageCompression=1,
            lang="de-DE",
            initialFontName=self._fonts[False],
        )
        title, subject, creator = (self.shown(text) for text in self._about)
        canvas.setTitle(title)
        canvas.setSubject(subject)
        canvas.setAuthor(creator)
        canvas.setCreator(creator)
        canvas.setProducer(creator)
        for page in self._pages:
            pen = _Pen(canvas)
            for draw in page:
                draw(pen)
            canvas.showPage()
        canvas.save()
        return stream.getvalue()


class _Pen:
    """The canvas with its font and colour in mind, which are half of a page's content when set each time."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._font: tuple[str, float] | None = None
        self._grey: float | None = None

    def take(self, font: str | None, size: float, grey: float) -> None:
        """Set what is not set yet."""
        if grey != self._grey:
            self.canvas.setFillGray(grey)
            self._grey = grey
        if font is not None and (font, size) != self._font:
            self.canvas.setFont(font, size)
            self._font = (font, size)


def _pieces(word: str, width: float, size: float, font: str) -> list[str]:
    """A word in pieces that fit into `width`; one piece where it fits as it is."""
    pieces: list[str] = []
    while len(word) > 1 and stringWidth(word, font, size) > width:
        fitting = max(
            1, bisect(range(1, len(word)), width, key=lambda end: stringWidth(word[:end], font, size))
        )
        pieces.append(word[:fitting])
        word = word[fitting:]
    return [*pieces, word]
