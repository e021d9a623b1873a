"""Writes docs/reference/datev-errors.md from the table of codes."""

from __future__ import annotations

from pathlib import Path

from mlconnector.systems.datev.answers import MEANINGS
from mlconnector.texts.catalogue import Language
from mlconnector.texts.codes import Code, codes, words

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/datev-errors.md"
_REACTION = {
    "retry": "waits and tries again",
    "login": "rests until somebody logs in",
    "human": "shows it with its cure",
    "broken": "stops the connection visibly",
}
_BEGINNING = """\
# DATEV's codes

What DATEV's interfaces and programs answer, what it means and who can do something about it. The tables are
made from `src/mlconnector/systems/datev/texts/codes.toml` by `scripts/datev_errors.py`.
`ml-connector explain CODE` prints one entry, with or without `#`, in German or English; it also knows our own
causes and the rules of `ml-connector check`.

The last column says what ml-connector does by itself when it gets the code as an answer. Codes without an
entry there are shown by DATEV's programs, or come where only a person sees the message.
"""
_SECTIONS: dict[Language, tuple[str, str]] = {
    "en": ("In English", "| Code | DATEV's name | What happened and why | What to do | Who | ml-connector |"),
    "de": ("Auf Deutsch", "| Code | Name bei DATEV | Was geschehen ist und warum | Was zu tun ist | Wer |"),
}


def page() -> str:
    """The whole page."""
    parts = [_BEGINNING.rstrip()]
    for language, (title, columns) in _SECTIONS.items():
        parts += [f"\n## {title}\n", columns, "|---" * (columns.count("|") - 1) + "|"]
        parts += [_row(code, language) for code in codes()]
    return "\n".join(parts) + "\n"


def _row(code: Code, language: Language) -> str:
    said = words(code, language)
    cells = [f"`{code.code}`", code.title, f"{said.what} {said.why}", said.do, said.who]
    if language == "en":
        meaning = MEANINGS.get(code.code)
        cells.append(_REACTION[meaning.error] if meaning else "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
