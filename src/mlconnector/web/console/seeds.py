"""Accounts and tax cases to confirm, as the screens show them: what is open comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconnector.flow.agree import confirmation, rulebook
from mlconnector.flow.context.context import Context
from mlconnector.texts import notation
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class SeedRow:
    """A proposal in words: what it is, its account and key, whether bookings rest on it, who confirmed it."""

    seed: str
    is_case: bool
    title: str
    rate: str
    account: str
    name: str
    key: str
    is_booked: bool
    is_confirmed: bool
    has_changed: bool
    by: str
    on: str


def seed_rows(context: Context, language: Language) -> list[SeedRow]:
    """All that a connection uses: what is not confirmed first, and of that first what bookings rest on."""
    states = confirmation.seed_states(context)
    found = rulebook.confirmations_of(states, context.rules, language)
    rows = [_row(one, language) for one in found]
    return sorted(rows, key=lambda row: (row.is_confirmed, not row.is_booked, not row.is_case))


def chosen(given: Sequence[str], rows: Sequence[SeedRow]) -> list[str]:
    """Those of the rows that are not confirmed yet and were ticked in a form."""
    ticked = set(given)
    return [row.seed for row in rows if row.seed in ticked and not row.is_confirmed]


def _row(one: dict[str, Any], language: Language) -> SeedRow:
    is_case = "tax_key" in one
    rate = one.get("rate")
    return SeedRow(
        seed=one["seed"],
        is_case=is_case,
        title=one["title"] if is_case else one["name"],
        rate="" if rate is None else f"{notation.number(Decimal(str(rate)).normalize(), language)} %",
        account=one["account"] or "",
        name=one["name"] if is_case else "",
        key=one["tax_key"] if is_case else _function(one["function"], language),
        is_booked=one["booked"],
        is_confirmed=one["confirmed"],
        has_changed=one["changed_since"],
        by=one["confirmed_by"] or "",
        on="" if one["confirmed_on"] is None else notation.day(one["confirmed_on"], language),
    )


def _function(name: str, language: Language) -> str:
    return word("function", name, language) if name else ""
