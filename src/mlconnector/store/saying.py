"""Vouchers by what they say: the keys of those whose facts are as somebody asks for."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ColumnElement, Select, or_, select

from mlconnector.store.derived import between
from mlconnector.store.looked_at import looked_at
from mlconnector.store.tables import voucher_facts


def named(text: str) -> Select[tuple[str]]:
    """The vouchers of whose number or ids a folded text is part."""
    return _those(voucher_facts.c.names.contains(text, autoescape=True))


def of_party(text: str) -> Select[tuple[str]]:
    """The vouchers of whose party's name a folded text is part."""
    return _those(voucher_facts.c.party.contains(text, autoescape=True))


def saying(text: str) -> Select[tuple[str]]:
    """The vouchers of whose number, ids or party's name a folded text is part."""
    facts = voucher_facts.c
    return _those(or_(*(column.contains(text, autoescape=True) for column in (facts.names, facts.party))))


def of_amount(least: Decimal | None, most: Decimal | None) -> Select[tuple[str]]:
    """The vouchers whose gross without its sign is within bounds; None where there is none."""
    return _those(*between(voucher_facts.c.amount, least, most))


def looked_through(key: ColumnElement[str], found: Select[tuple[str]]) -> ColumnElement[bool]:
    """Whether a key is among what was found, of which there may be very much.

    SQLite would fetch each of them by its index, however few of them another condition leaves.
    """
    return looked_at(key).in_(found)


def _those(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(voucher_facts.c.voucher).where(*conditions)
