"""Templates of files that a user fills in: their settings as they are, their comments in the user's language.

The comments of a template are English; `comments.toml` has the German ones, by the English text. So the
settings of both languages are always the same.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from mlconnector.texts.language import Language
from mlconnector.texts.tables import table

_WIDTH = 110
_PROSE = re.compile(r"# (?!\[|[a-z_]+ = )(.+)")
_BESIDE = re.compile(r"(?P<setting>.*\S)(?P<gap> +)# (?P<comment>.+)")


def template(text: str, language: Language) -> str:
    """A template with its comments in a language; in English where German has none yet."""
    lines: list[str] = []
    for paragraph, line in _pieces(text):
        if paragraph:
            said = _said(" ".join(paragraph), language)
            kept = said == " ".join(paragraph)
            lines += (
                [f"# {one}" for one in paragraph]
                if kept
                else textwrap.wrap(said, _WIDTH, initial_indent="# ", subsequent_indent="# ")
            )
        beside = _BESIDE.fullmatch(line) if line is not None else None
        if beside is not None:
            lines.append(f"{beside['setting']}{beside['gap']}# {_said(beside['comment'], language)}")
        elif line is not None:
            lines.append(line)
    return "\n".join(lines) + "\n"


def comments(text: str) -> Iterator[str]:
    """Every comment of a template, those of several lines as one."""
    for paragraph, line in _pieces(text):
        if paragraph:
            yield " ".join(paragraph)
        beside = _BESIDE.fullmatch(line) if line is not None else None
        if beside is not None:
            yield beside["comment"]


def _pieces(text: str) -> Iterator[tuple[list[str], str | None]]:
    """Comments that stand alone, line by line, each with the other line that follows."""
    paragraph: list[str] = []
    for line in text.splitlines():
        prose = _PROSE.fullmatch(line)
        if prose is not None:
            paragraph.append(prose[1])
        else:
            yield paragraph, line
            paragraph = []
    yield paragraph, None


def _said(comment: str, language: Language) -> str:
    if language == "en":
        return comment
    return str(table("comments.toml").get(comment, {}).get(language, comment))
