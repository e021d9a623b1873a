"""Names of parties: whether two of them may be the same one's, however each system writes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

# Forms of companies and of address, which one system writes and another leaves out.
_FORM_WORDS = """
ag aktiengesellschaft bv co cie company corp corporation dr eg ek ev firma frau gbr gesellschaft gmbh
haftung herr inc ing kg kgaa limited llc llp ltd mbh mit nv ohg plc prof sa sarl sas se spa sprl srl ug und
and the der die das beschraenkter haftungsbeschraenkt e v k
"""
_FORMS = frozenset(_FORM_WORDS.split())
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"})
_INITIAL = re.compile(r"\b(\w)\.")
_WORD = re.compile(r"[^\W_]+")
_SIMILAR = 0.8


def any_alike(name: str, others: Iterable[str]) -> bool:
    """Whether a name is like one of the others; what says nothing is like everything."""
    words = _words(name)
    known = [found for other in others if (found := _words(other))]
    return not words or not known or any(_alike(words, other) for other in known)


def _alike(one: list[str], other: list[str]) -> bool:
    """Whether one name holds all words of the other, or both are written almost alike."""
    if set(one) <= set(other) or set(other) <= set(one):
        return True
    first, second = "".join(one), "".join(other)
    ordered = SequenceMatcher(None, first, second, autojunk=False).ratio()
    sorted_ratio = SequenceMatcher(None, "".join(sorted(one)), "".join(sorted(other)), autojunk=False).ratio()
    return max(ordered, sorted_ratio) >= _SIMILAR


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_UMLAUTS)
    letters = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    found = _WORD.findall(_INITIAL.sub(r"\1", letters))
    return [word for word in found if word not in _FORMS]
