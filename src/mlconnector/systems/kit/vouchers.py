"""What is alike in the vouchers of all sources."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind
from mlconnector.systems.kit.tables import is_currency


def kind_by_total(total: Decimal | None) -> Kind:
    """By the sign of the total alone, so that a record has one identity whatever else is read of it."""
    return Kind.CREDIT_NOTE if (total or ZERO) < ZERO else Kind.INVOICE


def currency_problems(currency: str) -> list[Problem]:
    """What is wrong with a currency that the standard does not have."""
    return (
        [] if is_currency(currency) else [Problem("currency_unknown", {"currency": currency}, ("currency",))]
    )


def filled(attributes: Mapping[str, str | None]) -> dict[str, str]:
    """The attributes of a voucher that have a value."""
    return {name: value for name, value in attributes.items() if value}
