"""Codes of DATEV in plain words: those in answers of its interfaces, and those its programs show.

The table is `datev_codes.toml`; a code is found however people write it: `#DCO01012`, `dco01012`, `01012`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from mlconnector.texts.catalogue import Explanation, people
from mlconnector.texts.language import Language

_WORDS_AROUND = re.compile(r"fehlernr|fehler|error|code|nr|hilfe|[^a-z0-9]")
_NEAR = 5


@dataclass(frozen=True, slots=True)
class Code:
    """One code: how DATEV writes it, and DATEV's own short name for it."""

    code: str
    title: str
    who: str


def codes() -> list[Code]:
    """Every code, in the order of the table."""
    table = _table()
    return [Code(code, entry["title"], entry["who"]) for code, entry in table.items() if code != "shared"]


def find(text: str) -> Code | None:
    """The code that somebody means, or None."""
    wanted = _plain(text)
    return next((code for code in codes() if wanted in set(_spellings(code.code))), None)


def words(code: Code, language: Language) -> Explanation:
    """What happened, why, what to do, and who does it."""
    entry = _table()[code.code]
    shared = _table()["shared"][entry["as"]][language] if "as" in entry else {}
    said = {**shared, **entry[language]}
    return Explanation(said["what"], said["why"], said["do"], people(code.who, language))


def nearest(text: str, known: Iterable[str]) -> list[str]:
    """The known names that are most like what somebody wrote, the most alike first."""
    by_plain: dict[str, str] = {}
    for name in known:
        for spelling in _spellings(name):
            by_plain.setdefault(spelling, name)
    near = get_close_matches(_plain(text), list(by_plain), n=2 * _NEAR, cutoff=0.6)
    return list(dict.fromkeys(by_plain[one] for one in near))[:_NEAR]


def _spellings(code: str) -> Iterator[str]:
    """How people may write a code, without case and signs; the number alone is enough where it says all."""
    plain = _plain(code)
    yield plain
    number = re.fullmatch(r"(?:dco|rew|http)(\d+)", plain)
    if number is not None:
        yield number[1]


def _plain(text: str) -> str:
    plain = text.casefold()
    return _WORDS_AROUND.sub("", plain) or re.sub(r"[^a-z0-9]", "", plain)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("datev_codes.toml").read_text(encoding="utf-8"))
