"""What is wrong with something that somebody has set, in plain words: what was given, and what is possible.

Templates are English and stand where the fault is found; `complaints.toml` has each of them in German.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlconnector.texts.catalogue import filled
from mlconnector.texts.language import Language
from mlconnector.texts.tables import table

GIVEN = "“{given}” will not do; possible is {expected}"
NOT_GIVEN = "possible is {expected}"
_LONGEST = 60

_KINDS = {
    "bool": "true or false",
    "date": "a day such as 2026-01-31",
    "datetime": "a day such as 2026-01-31",
    "decimal": "a number such as 0.05",
    "dict": "a table",
    "float": "a number such as 0.05",
    "frozen_set": "a list in square brackets",
    "int": "a whole number",
    "list": "a list in square brackets",
    "model": "a table",
    "path": "a path in quotation marks",
    "set": "a list in square brackets",
    "string": "a text in quotation marks",
    "tuple": "a list in square brackets",
}
"""What is possible, by the first word of the library's name for a fault, e.g. `int_parsing`."""

_LIMITS = {
    "greater_than": ("a number above {limit}", "gt"),
    "greater_than_equal": ("a number from {limit} on", "ge"),
    "less_than": ("a number below {limit}", "lt"),
    "less_than_equal": ("a number up to {limit}", "le"),
    "string_too_short": ("a text of at least {limit} characters", "min_length"),
    "string_too_long": ("a text of at most {limit} characters", "max_length"),
    "too_short": ("a list of at least {limit} entries", "min_length"),
    "too_long": ("a list of at most {limit} entries", "max_length"),
}
"""What is possible where a limit is passed, and what the library calls the limit."""

_OTHERWISE = "a value of another kind"


def told(template: str, facts: Mapping[str, str], language: Language) -> str:
    """A template in a language; in English where German has none yet."""
    if language == "de":
        template = table("complaints.toml").get(template, {}).get("de", template)
    return filled(template, facts, language)


def expectation(kind: str, limits: Mapping[str, Any], language: Language) -> str:
    """What is possible instead, by the library's name for the fault and what it says of its limits."""
    if kind in {"literal_error", "enum"}:
        possible = re.findall(r"'([^']*)'", str(limits["expected"]))
        return told("one of {known}", {"known": ", ".join(possible) or str(limits["expected"])}, language)
    if kind in _LIMITS:
        template, name = _LIMITS[kind]
        return told(template, {"limit": str(limits[name])}, language)
    if kind == "string_pattern_mismatch":
        words = table("patterns.toml").get(str(limits["pattern"]))
        return str(words[language]) if words else told(_OTHERWISE, {}, language)
    words = next((words for name, words in _KINDS.items() if kind.startswith(f"{name}_")), _OTHERWISE)
    return told(words, {}, language)


def shown(given: object) -> str:
    """A value as somebody wrote it, not too long."""
    text = str(given).lower() if isinstance(given, bool) else str(given)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
