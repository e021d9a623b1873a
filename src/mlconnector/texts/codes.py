"""Codes of outside systems in plain words: those in their answers, and those that their programs show.

Each system may have a table `codes.toml` among its texts; a code is found however people write it:
`#ABC01012`, `abc01012`, `01012`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from mlconnector.texts.catalogue import Explanation, people
from mlconnector.texts.language import Language
from mlconnector.texts.tables import tables_of_systems

_WORDS_AROUND = re.compile(r"fehlernr|fehler|error|code|nr|hilfe|[^a-z0-9]")
_LETTERS_AND_NUMBER = re.compile(r"[a-z]+(\d{3,})")
_NEAR = 5
_TABLE, _SHARED = "codes.toml", "shared"


@dataclass(frozen=True, slots=True)
class Code:
    """One code: whose it is, how that system writes it, and its own short name for it."""

    system: str
    code: str
    title: str
    who: str


def codes() -> list[Code]:
    """Every code of every system, in the order of its table."""
    return [
        Code(system, code, entry["title"], entry["who"])
        for system, table in tables_of_systems(_TABLE).items()
        for code, entry in table.items()
        if code != _SHARED
    ]


def find(text: str) -> Code | None:
    """The code that somebody means, or None."""
    wanted = _plain(text)
    return next((code for code in codes() if wanted in set(_spellings(code.code))), None)


def words(code: Code, language: Language) -> Explanation:
    """What happened, why, what to do, and who does it."""
    table = tables_of_systems(_TABLE)[code.system]
    entry = table[code.code]
    shared = table[_SHARED][entry["as"]][language] if "as" in entry else {}
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
    """How people may write a code, without case and signs; a number of some length is enough by itself."""
    plain = _plain(code)
    yield plain
    number = _LETTERS_AND_NUMBER.fullmatch(plain)
    if number is not None:
        yield number[1]


def _plain(text: str) -> str:
    plain = text.casefold()
    return _WORDS_AROUND.sub("", plain) or re.sub(r"[^a-z0-9]", "", plain)
