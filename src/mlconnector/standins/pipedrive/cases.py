"""Which case each deal of the generated account shows: the first by list, the others by their shares."""

from __future__ import annotations

from random import Random

from mlconnector.standins.pipedrive.pricing import UNTAXED_CASES
from mlconnector.standins.pipedrive.records import Labels
from mlconnector.standins.pipedrive.vocabulary import Kind, vocabulary

_COLLIDING, _ODD = "colliding_invoice_number", "odd_invoice_number"
_WITHOUT_LINE_KINDS = ("without_products", "zero_value", "recurring", "product_gone")
_TAX_DEPENDENT = ("mixed_rates", "inclusive")


def labels(records: int, seed: int) -> list[Labels]:
    """The labels of `records` deals, in the order of their ids."""
    first = vocabulary().first[:records]
    drawn = records - len(first)
    facets = [
        [row[place] for row in first] + _draw(kinds, drawn, Random(f"{seed}-{name}"))
        for place, (name, kinds) in enumerate(_facets())
    ]
    _put_odd_before_colliding(facets[0])
    holds = {kind.name for kind in (*vocabulary().cases, *vocabulary().files) if kind.hold}
    return [
        Labels(
            case=case,
            lines=_fitting(case, lines),
            files=files,
            text=text,
            hold=case in holds or files in holds,
        )
        for case, lines, files, text in zip(*facets, strict=True)
    ]


def _facets() -> list[tuple[str, list[Kind]]]:
    words = vocabulary()
    return [("cases", words.cases), ("lines", words.lines), ("files", words.files), ("texts", words.texts)]


def _draw(kinds: list[Kind], count: int, random: Random) -> list[str]:
    return random.choices([kind.name for kind in kinds], weights=[kind.share for kind in kinds], k=count)


def _put_odd_before_colliding(cases: list[str]) -> None:
    for place in range(len(cases)):
        if cases[place] == _COLLIDING:
            if place == 0 or cases[place - 1] == _COLLIDING:
                cases[place] = "domestic"
            else:
                cases[place - 1] = _ODD


def _fitting(case: str, lines: str) -> str:
    """The kind of lines, or `plain` where the case leaves no room for it."""
    if case in _WITHOUT_LINE_KINDS or (case in UNTAXED_CASES and lines in _TAX_DEPENDENT):
        return "plain"
    return lines
