"""Seeds: which of the proposed accounts and tax cases a connection uses, and whether they were confirmed.

A seed is named by its kind, `tax_case:domestic_19` or `account:8400`. Its fingerprint covers what bookings
depend on, so a seed that changes has to be confirmed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from mlconnector.mapping.charts import MARGIN, MARGIN_TAXED, TaxCase, lengthened, seeded_accounts, tax_cases
from mlconnector.mapping.discount_accounts import BY_DATEV, discount_account
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow
from mlconnector.mapping.tax_keys import fits
from mlconnector.mapping.withholding import withholding_account
from mlconnector.model.entries import EntryLine
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Supply

Kind = Literal["tax_case", "account"]

_DEFAULTS = {"sale": "default_revenue", "purchase": "default_expense"}
_WORDS_ONLY = frozenset({"title", "source", "boxes", "automatic_only"})


@dataclass(frozen=True, slots=True)
class Seed:
    """A proposal: `key` is the tax case or the account number, `content` what is confirmed with it."""

    kind: Kind
    key: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What people and tables call it, e.g. `account:8400`."""
        return f"{self.kind}:{self.key}"

    @property
    def fingerprint(self) -> str:
        """Hash of the content."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def seed(name: str, rules: Rules) -> Seed | None:
    """The seed of this name for a client's books; None where there is none, or the own chart has its own."""
    kind, _, key = name.partition(":")
    if kind == "tax_case" and key in tax_cases():
        return _case_seed(tax_cases()[key], rules)
    if kind == "account":
        return _account_seed(key, rules)
    return None


def is_confirmed(one: Seed, rules: Rules) -> bool:
    """Whether somebody has confirmed a seed as it is now."""
    return rules.confirmed.get(one.name) == one.fingerprint


def seeds_by_rules(rules: Rules, day: date) -> tuple[Seed, ...]:
    """All seeds that bookings may come to by the rules, of supplies from `day` on; tax cases first."""
    cases: dict[str, TaxCase] = {}
    accounts: set[str] = set()
    for direction in _DEFAULTS:
        for case, row in _uses(direction, rules, day):
            cases[case.name] = case
            if row is None or row.account is None:
                accounts.add(_proposed(case, rules))
        rows = rules.mapping.accounts_for(direction)
        accounts |= {row.account for row in rows if row.account and row.automatic is None}
    accounts |= set(_discount_accounts(cases.values(), rules))
    accounts |= set(_accounts_kept_back(rules))
    for fee in rules.mapping.payments.fees.values():
        cases[fee.tax_case] = tax_cases()[fee.tax_case]
        accounts.add(fee.account)
    names = [f"tax_case:{name}" for name in tax_cases() if name in cases]
    return _seeds([*names, *(f"account:{number}" for number in sorted(accounts))], rules)


def seeds_of(lines: Iterable[EntryLine], rules: Rules) -> frozenset[str]:
    """Names of the seeds that bookings rest on: their tax cases, and their accounts where they are seeded."""
    names: set[str] = set()
    for line in lines:
        names |= {f"tax_case:{line.tax_case}", f"account:{line.contra_account}"}
    return frozenset(one.name for one in _seeds(sorted(names), rules))


def unconfirmed_cases(lines: Iterable[EntryLine], rules: Rules) -> tuple[Problem, ...]:
    """A problem for each tax case that nobody has confirmed, where the rules want that of every one."""
    if not rules.mapping.require_confirmation:
        return ()
    found = {line.tax_case: tax_cases()[line.tax_case] for line in lines if line.tax_case in tax_cases()}
    return tuple(
        Problem(
            "seed_not_confirmed",
            {
                "tax_case": name,
                "account": _proposed(case, rules),
                "tax_key": case.key,
                "seed": f"tax_case:{name}",
            },
            ("tax_case",),
        )
        for name, case in found.items()
        if not is_confirmed(_case_seed(case, rules), rules)
    )


def _seeds(names: Iterable[str], rules: Rules) -> tuple[Seed, ...]:
    return tuple(one for name in names if (one := seed(name, rules)) is not None)


def _uses(direction: str, rules: Rules, day: date) -> Iterator[tuple[TaxCase, AccountRow | None]]:
    """Tax cases that lines of a direction may get, each with the row that would take it, None for none."""
    rows = rules.mapping.accounts_for(direction)
    by_default = bool(getattr(rules.mapping, _DEFAULTS[direction]))
    chosen = {choice.case for choice in rules.mapping.tax_case}
    chosen |= {MARGIN_TAXED} if MARGIN in chosen else set()
    reachable = [
        case
        for case in tax_cases().values()
        if case.direction == direction and (case.name in chosen or _is_reachable(case, rules, day))
    ]
    for row in rows:
        yield from ((case, row) for case in _taken_by(row, reachable, rules))
    if by_default:
        yield from ((case, None) for case in reachable if _proposed(case, rules) in rules.accounts)


def _taken_by(row: AccountRow, reachable: Iterable[TaxCase], rules: Rules) -> list[TaxCase]:
    """The tax cases that a row can book."""
    if row.tax_case is not None:
        return [tax_cases()[row.tax_case]]
    account = rules.account(row)
    if account is None:
        supplied = [
            case
            for case in reachable
            if row.supply is None or case.supply in {"any", *_supplies([row.supply])}
        ]
        return [case for case in supplied if _proposed(case, rules) in rules.accounts]
    if account.automatic:
        return [tax_cases()[account.tax_case]] if account.tax_case in tax_cases() else []
    key = row.tax_key
    return [case for case in reachable if key is None or fits(key, case, named=False)]


def _supplies(kinds: Iterable[Supply | None]) -> frozenset[str]:
    """What tax cases call the kinds of supply that may occur; those bound to a place are services too."""
    named = {kind for kind in kinds if kind is not None}
    return frozenset({*named, *({"service"} if named - {"goods"} else ())})


def _is_reachable(case: TaxCase, rules: Rules, day: date) -> bool:
    """Whether the facts of some voucher can lead to this tax case under the settings."""
    mapping = rules.mapping
    rows = mapping.accounts_for(case.direction)
    if mapping.small_business and case.direction == "sale":
        return case.name == "small_business"
    supplied = _supplies([mapping.supply, *(row.supply for row in rows)])
    own_rates = {Decimal(rate) for rate in (mapping.own_rate, *(row.own_rate for row in rows)) if rate}
    deducts = "yes" if mapping.deducts else "no"
    return (
        case.region != "named"
        and (case.supply == "any" or case.supply in supplied)
        and (case.own_rate == 0 or case.own_rate in own_rates)
        and (case.rate is not None or mapping.oss)
        and case.deduction in {"any", deducts}
        and (not case.valid or any(last is None or last >= day for _, last in case.valid))
    )


def _discount_accounts(cases: Iterable[TaxCase], rules: Rules) -> Iterator[str]:
    """The Skonto accounts that payments may come to: those named, and for other rates those of the cases."""
    payments = rules.mapping.payments
    if not (payments.table or payments.default):
        return
    named = {"sale": payments.granted, "purchase": payments.received}
    yield from (*payments.granted.values(), *payments.received.values())
    for case in cases:
        by_column = payments.discount == "column" and case.name in BY_DATEV
        account = discount_account(case, rules)
        if account and not by_column and f"{case.rate or 0:f}" not in named[case.direction]:
            yield account


def _accounts_kept_back(rules: Rules) -> Iterator[str]:
    """The accounts of what documents may keep back as a security, or as tax of building work."""
    named = rules.mapping.retainage
    yield from (number for number in (named.payable, named.receivable) if number)
    if any(row.withholding == "deduct" for row in rules.mapping.contractor):
        yield withholding_account(rules)


def _proposed(case: TaxCase, rules: Rules) -> str:
    """The account that the seeds propose for a case; empty where the chart has none."""
    proposed = case.account.get(rules.books.chart, "")
    return lengthened(proposed, rules.books.account_length) if proposed else ""


def _case_seed(case: TaxCase, rules: Rules) -> Seed:
    chart = rules.books.chart
    content = {name: value for name, value in asdict(case).items() if name not in _WORDS_ONLY}
    content |= {"account": _proposed(case, rules)}
    content |= {name: content[name].get(chart, "") for name in ("tax", "input_tax")}
    if case.period == "supply" or not rules.books.service_date:
        # it shows in books with days of supply alone, and used to be that day in every case
        del content["period"]
    return Seed("tax_case", case.name, json.loads(json.dumps(content, default=str)))


def _account_seed(number: str, rules: Rules) -> Seed | None:
    account = seeded_accounts(rules.books.chart, rules.books.account_length).get(number)
    known = rules.accounts.get(number)
    if account is None or (known is not None and known.own):
        return None
    content = {"number": number, "function": account.function, "tax_case": account.tax_case}
    return Seed("account", number, content)
