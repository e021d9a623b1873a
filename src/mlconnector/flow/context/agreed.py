"""Agreed: what stands beside a connection's file for its client, its own chart and the confirmed seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from mlconnector.flow.context.rate_files import RateFiles
from mlconnector.mapping.rules import OwnAccount
from mlconnector.store import chart_accounts, confirmations
from mlconnector.store.chart_accounts import ChartAccount


@dataclass(frozen=True, slots=True)
class Agreed:
    """The client's own chart, the fingerprints of confirmed seeds by name, and newer rates."""

    chart: tuple[OwnAccount, ...] = ()
    confirmed: Mapping[str, str] = field(default_factory=dict)
    rates: RateFiles = field(default_factory=RateFiles)


def read_agreed(db: Connection, client: str, rates: RateFiles | None = None) -> Agreed:
    """What was agreed for a client, with newer rates beside it."""
    confirmed = {one.seed: one.fingerprint for one in confirmations.read(db, client).values()}
    chart = own_accounts(chart_accounts.read(db, client).values())
    return Agreed(chart, confirmed, rates or RateFiles())


def stamp(db: Connection, client: str) -> Any:
    """Something that changes whenever what was agreed does, and is cheap to ask for."""
    confirmed = {one.seed: one.fingerprint for one in confirmations.read(db, client).values()}
    return chart_accounts.stamp(db, client), confirmed


def own_accounts(accounts: Iterable[ChartAccount]) -> tuple[OwnAccount, ...]:
    """A stored chart as the rules take it."""
    return tuple(
        OwnAccount.model_validate(
            {
                "number": one.number,
                "name": one.name,
                "function": one.function or None,
                "tax_case": one.tax_case,
            }
        )
        for one in accounts
    )
