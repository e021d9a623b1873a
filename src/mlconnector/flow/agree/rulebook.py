"""Rulebook: the rules of a connection as people read them, and who confirmed their seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlconnector.flow.agree.confirmation import SeedState, seed_states
from mlconnector.flow.agree.row_usage import Usage, usage
from mlconnector.flow.context.context import Context
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import Seed, seed
from mlconnector.mapping.tables import AccountRow, CostCentres, Payments
from mlconnector.mapping.withholding import withholding_account
from mlconnector.model.entries import Ledger
from mlconnector.store import chart_accounts
from mlconnector.texts.language import Language

_SETTINGS = (
    "supply", "own_rate", "oss", "input_tax", "small_business", "default_revenue", "default_expense",
    "require_confirmation", "rounding_limit", "exchange_rate_limit",
)  # fmt: skip
_TABLES = {"sale": "revenue", "purchase": "expense"}
_FACTS = ("product", "product_code", "category", "pipeline")
_LEDGERS: Mapping[str, Ledger] = {"debtors": "receivable", "creditors": "payable"}


def rulebook(context: Context, *, everything: bool = False, spoken: Language | None = None) -> dict[str, Any]:
    """The rules of a connection as plain data: every table of the mapping, and the seeds in use.

    Tax cases and seeded accounts are those in use; with `everything` all tax cases that the seeds have.
    Titles are in the language of the installation where no other is named.
    """
    settings, language = context.settings, spoken or context.services.settings.language
    rules, mapping = settings.rules, settings.rules.mapping
    used = [f"tax_case:{case}" for case in tax_cases()] if everything else []
    states = seed_states(context)
    known = {one.seed.name for one in states}
    others = [found for one in used if one not in known and (found := seed(one, rules)) is not None]
    with context.read() as db:
        own = chart_accounts.read(db, settings.client).values()
    used_by = usage(context)
    latest = max(own, key=lambda one: str(one.changed_at), default=None)
    return {
        "connection": context.name,
        "client": settings.client,
        "books": _books(rules),
        "own_chart": {
            "accounts": len(own),
            "changed_by": latest.changed_by if latest else None,
            "changed_at": latest.changed_at if latest else None,
        },
        "settings": {one: getattr(mapping, one) for one in _SETTINGS},
        "accounts": [
            _account_row(_TABLES[direction], number, row, rules)
            | {"used": used_by.of_row(_TABLES[direction], row)}
            for direction in _TABLES
            for number, row in enumerate(mapping.accounts_for(direction), start=1)
        ],
        "tax_case_rows": [
            row.model_dump(mode="json", exclude_defaults=True) | {"used": used_by.of_row("tax_case", row)}
            for row in mapping.tax_case
        ],
        "tax_cases": [
            *(
                _case(one.seed, rules, language) | _state(one)
                for one in states
                if one.seed.kind == "tax_case"
            ),
            *(_case(one, rules, language) | _NOT_IN_USE for one in others),
        ],
        "seed_accounts": [
            _seed_account(one.seed, rules) | _state(one) for one in states if one.seed.kind == "account"
        ],
        "cost_centres": {
            str(number): _entries(f"cost_centre_{number}", table, used_by)
            for number, table in ((1, mapping.cost_centre_1), (2, mapping.cost_centre_2))
            if table is not None
        },
        **_construction(rules),
        "payments": _entries("payments", mapping.payments, used_by),
        "payment_terms": dict(mapping.payment_terms.table),
    }


def _entries(name: str, table: CostCentres | Payments, used_by: Usage) -> dict[str, Any]:
    """A table of entries, and how many vouchers each of them has decided."""
    used = {value: used_by.of_entry(name, table.attribute, value) for value in table.table}
    return table.model_dump(mode="json") | {"used": used}


def _construction(rules: Rules) -> dict[str, Any]:
    """What is kept back, withheld and still open; the account of tax withheld where there are contractors."""
    mapping = rules.mapping
    set_up = bool(mapping.contractor) or mapping.withholding.account is not None
    commitments = mapping.commitments
    return {
        "contractors": [row.model_dump(mode="json") for row in mapping.contractor],
        "retainage": mapping.retainage.model_dump(mode="json"),
        "withholding": {"account": (withholding_account(rules) or None) if set_up else None},
        "commitments": None if commitments is None else commitments.model_dump(mode="json"),
    }


def confirmations_of(states: Iterable[SeedState], rules: Rules, language: Language) -> list[dict[str, Any]]:
    """Seeds as people and machines read them, each with who confirmed it."""
    return [
        {"seed": one.seed.name}
        | (
            _case(one.seed, rules, language)
            if one.seed.kind == "tax_case"
            else _seed_account(one.seed, rules)
        )
        | _state(one)
        for one in states
    ]


def _books(rules: Rules) -> dict[str, Any]:
    books = rules.books.model_dump(mode="json")
    for name, ledger in _LEDGERS.items():
        first, last = rules.books.range_of(ledger)
        books[name] = {"first": first, "last": last, "collective": rules.books.numbers_of(ledger).collective}
    return books


def _account_row(table: str, number: int, row: AccountRow, rules: Rules) -> dict[str, Any]:
    account = rules.account(row)
    facts = {name: getattr(row, name) for name in _FACTS if getattr(row, name) is not None}
    return {
        "table": table,
        "row": number,
        "facts": {**facts, **row.attributes},
        "account": row.account or "",
        "name": account.name if account else "",
        "function": account.function if account else "",
        "own": account.own if account else False,
        "tax_case": row.tax_case or (account.tax_case if account else ""),
        "tax_key": row.tax_key,
        "supply": row.supply,
        "own_rate": row.own_rate,
        "matter": row.matter,
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
    }


def _case(one: Seed, rules: Rules, language: Language) -> dict[str, Any]:
    case = tax_cases()[one.key]
    account = rules.accounts.get(str(one.content["account"]))
    return {
        "tax_case": case.name,
        "title": case.title[language],
        "direction": case.direction,
        "rate": one.content["rate"],
        "account": one.content["account"],
        "name": account.name if account else "",
        "tax_key": "" if account is not None and account.automatic else case.key,
        "charts": dict(case.account),
        "source": case.source,
    }


def _seed_account(one: Seed, rules: Rules) -> dict[str, Any]:
    known = rules.accounts[one.key]
    return {
        "account": known.number,
        "name": known.name,
        "function": known.function,
        "tax_case": known.tax_case,
    }


_NOT_IN_USE = {
    "in_use": False, "booked": False, "confirmed": False, "changed_since": False,
    "confirmed_by": None, "confirmed_on": None,
}  # fmt: skip


def _state(one: SeedState) -> dict[str, Any]:
    noted = one.confirmation
    return {
        "in_use": True,
        "booked": one.is_booked,
        "confirmed": one.is_confirmed,
        "changed_since": noted is not None and not one.is_confirmed,
        "confirmed_by": noted.confirmed_by if noted else None,
        "confirmed_on": noted.confirmed_on if noted else None,
    }
