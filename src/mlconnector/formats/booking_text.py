"""Buchungstexte that are too long: the party's name gives way, never what a booking is known by.

A text is a word for what it is (`Storno 15.07.2026`), the name, and the number: whoever looks for a document
finds its number at the end, and a reversal says that it is one, however long the name is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence


def fitted(
    text: str, party: str, numbers: Sequence[str], longest: int, width: Callable[[str], int] = len
) -> str:
    """The text within `longest`, measured by `width`; what comes first is what is given up first.

    The end of the name, the name, everything but the first word and the first of the `numbers` that the text
    has, and at last the beginning of that number. A text with neither name nor number loses its end.
    """
    return next(each for each in _shorter(text, party, numbers, longest) if width(each) <= longest)


def _shorter(text: str, party: str, numbers: Sequence[str], longest: int) -> Iterator[str]:
    yield text
    before, name, after = text.partition(party) if party else (text, "", "")
    for length in range(len(name) - 1, 0, -1):
        yield f"{before}{name[:length].rstrip()}{after}"
    if name:
        yield " ".join((before + after).split())
    number = next((one for one in numbers if one and one in text), "")
    first = before.split()[:1] if name else []
    for length in range(len(number), 0, -1):
        yield " ".join([*first, number[-length:]])
    for length in range(longest, -1, -1):
        yield text[:length].rstrip()
