"""Texts as a page says them: tables as the console calls them, units bound to their numbers."""

from __future__ import annotations

import re
from functools import cache

from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language
from mlconnector.texts.tables import case_titles

_TABLE = re.compile(r"(?P<before>Zeilen?|rows?|)(?P<space> ?)\[{1,2}(?P<name>[a-z_0-9.]+)\]{1,2}")
_UNIT = re.compile(r"(?<=\d) (?=(?:%|EUR|€|kB|KB|MB|GB)(?!\w))|(?<=[.,]\d\d) (?=[A-Z]{3}\b)")
_BOUND = "\N{NO-BREAK SPACE}"


def plain(text: str, language: Language) -> str:
    """A sentence without the names that settings have for tables and tax cases."""

    def named(found: re.Match[str]) -> str:
        title = word("table", found["name"], language)
        if title == found["name"]:
            return found[0]
        quoted = f"„{title}“" if language == "de" else f"“{title}”"
        return f"{found['before']} in {quoted}" if found["before"] else f"{found['space']}{quoted}"

    return _case_names().sub("", _TABLE.sub(named, text))


def bound(text: str) -> str:
    """A text in which no line breaks between a number and its unit."""
    return _UNIT.sub(_BOUND, text)


@cache
def _case_names() -> re.Pattern[str]:
    return re.compile(rf" \((?:{'|'.join(map(re.escape, case_titles()))})\)")
