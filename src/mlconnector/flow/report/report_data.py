"""Reports as plain data, for programs: amounts are exact, signed, positive in debit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from mlconnector.flow.report.balances import WHICH, AccountSums, Sums
from mlconnector.flow.report.completeness import Group, ReadVoucher, Sum
from mlconnector.flow.report.completeness_report import Completeness, Held
from mlconnector.flow.report.costs import Cost, CostCentre
from mlconnector.flow.report.journal import Journal, journal_lines
from mlconnector.flow.report.ledger_reports import BalanceReport, CostReport, OpenItemReport
from mlconnector.flow.report.number_series import Found
from mlconnector.flow.report.open_items import LEDGERS, Amounts, OpenItem, Person
from mlconnector.flow.report.transferred import Whose
from mlconnector.flow.report.vat_check import VatReport
from mlconnector.model.entries import Ledger
from mlconnector.texts.catalogue import explain
from mlconnector.texts.language import Language


def open_item_data(report: OpenItemReport) -> dict[str, Any]:
    """The open items, by ledger and person."""
    return {
        **_whose(report.whose),
        "on": report.on,
        "with_planned": report.with_planned,
        "ledgers": [_ledger(report, ledger) for ledger in LEDGERS],
        "total": asdict(report.total()),
        "not_counted": asdict(report.not_counted),
        "without_due_date": report.without_due_date,
        "without_document": report.without_document,
    }


def balance_data(report: BalanceReport) -> dict[str, Any]:
    """Sums and balances, account by account."""
    made = report.balances
    return {
        **_whose(report.whose),
        **_period(report.first, report.last),
        "accounts": [_account(one) for one in made.accounts],
        "totals": {which: _sums(made.total(which)) for which in WHICH},
        "total": _sums(made.total()),
        "rows": made.rows,
        "not_counted": asdict(report.not_counted),
    }


def cost_data(report: CostReport) -> dict[str, Any]:
    """Costs in EUR by KOST1 and KOST2; null where rows have no cost centre."""
    return {
        **_whose(report.whose),
        **_period(report.first, report.last),
        "cost_centres_1": [_cost_centre(one) for one in report.costs.centres],
        "total": _cost(report.costs.total),
        "not_counted": asdict(report.not_counted),
    }


def vat_data(report: VatReport) -> dict[str, Any]:
    """The VAT check, case by case, in EUR."""
    return {
        **_whose(report.whose),
        **_period(report.first, report.last),
        "tax_cases": [
            {
                "direction": "sale" if one.is_sale else "purchase",
                "tax_case": one.tax_case,
                "rate": one.rate,
                "rows": one.rows,
                "base": one.base,
                "expected_tax": one.expected,
                "tax": one.tax,
                "input_tax": one.input_tax,
                "difference": one.difference,
            }
            for one in report.cases
        ],
        "not_counted": asdict(report.not_counted),
    }


def journal_data(found: Journal, *, limit: int, page: int) -> dict[str, Any]:
    """A page of the bookings of a period, row by row."""
    return {
        **_whose(found.whose),
        **_period(found.first, found.last),
        "rows": [asdict(one) for one in journal_lines(found.rows)],
        "page": page,
        "limit": limit,
        "total": found.total,
    }


def completeness_data(report: Completeness, spoken: Language) -> dict[str, Any]:
    """Source against sent against accepted, with everything that explains the difference."""
    filed, of = report.filed
    return {
        **_whose(report.whose),
        **_period(report.first, report.last),
        "compared": [
            {
                **asdict(one.group),
                "read": asdict(one.read),
                "sent": asdict(one.sent),
                "accepted": asdict(one.accepted),
                "difference": asdict(one.read.less(one.accepted)),
            }
            for one in report.compared
        ],
        "outcomes": [_outcome(*one) for one in report.outcomes],
        "documents": {"filed": filed, "of": of, "states": report.documents},
        "number_series": _series(report.series),
        "held": [_held(one, spoken) for one in report.held],
        "differing": [
            {**_voucher(one.voucher), "accepted": one.accepted, "accepted_currency": one.currency}
            for one in report.differing
        ],
    }


def _whose(of: Whose) -> dict[str, Any]:
    return {
        "connection": of.connection,
        "client": of.client,
        "connections": list(of.names),
        "other_connections": list(of.others),
    }


def _period(first: date | None, last: date | None) -> dict[str, Any]:
    return {"first": first, "last": last}


def _ledger(report: OpenItemReport, ledger: Ledger) -> dict[str, Any]:
    of_ledger = [_person(one) for one in report.persons if one.ledger == ledger]
    return {"ledger": ledger, "persons": of_ledger, "total": asdict(report.total(ledger))}


def _person(one: Person) -> dict[str, Any]:
    return {
        "account": one.account,
        "name": one.name or None,
        "items": [_item(item) for item in one.items],
        "total": asdict(one.total),
    }


def _item(one: OpenItem) -> dict[str, Any]:
    return {
        "number": one.number,
        "party": one.party or None,
        "document_date": one.document_date,
        "due_date": one.due_date,
        "has_document": one.has_document,
        "currency": one.currency,
        **_amounts(one.amounts),
        "euro": _amounts(one.euro),
        "planned": one.planned,
        "planned_euro": one.planned_euro,
        "is_planned": one.is_planned,
        "days_overdue": one.days_overdue,
        "ageing": asdict(one.ageing),
    }


def _amounts(one: Amounts) -> dict[str, Any]:
    return {**asdict(one), "open": one.open}


def _account(one: AccountSums) -> dict[str, Any]:
    return {
        "kind": one.which,
        "number": one.number or None,
        "name": one.name or None,
        **_sums(one.euro),
        "foreign": [{"currency": currency, **_sums(sums)} for currency, sums in one.foreign.items()],
        "rows": one.rows,
        "by_datev": one.by_datev,
    }


def _sums(one: Sums) -> dict[str, Any]:
    return {"debit": one.debit, "credit": one.credit, "balance": one.balance}


def _cost_centre(one: CostCentre) -> dict[str, Any]:
    by_second = [{"cost_centre_2": number or None, **_cost(cost)} for number, cost in one.costs]
    return {"cost_centre_1": one.number or None, "cost_centres_2": by_second, "total": _cost(one.total)}


def _cost(one: Cost) -> dict[str, Any]:
    return {**asdict(one), "difference": one.difference}


def _outcome(group: Group, outcome: str, one: Sum) -> dict[str, Any]:
    return {**asdict(group), "outcome": outcome, **asdict(one)}


def _series(found: Found) -> dict[str, Any]:
    return {"series": [asdict(one) for one in found.series], "not_recognised": list(found.alone)}


def _voucher(one: ReadVoucher) -> dict[str, Any]:
    row = one.row
    return {
        "voucher": row.id,
        "connection": row.connection,
        "kind": row.kind,
        "number": row.number,
        "external_id": row.external_id,
        "document_date": row.document_date,
        "customer": one.customer or None,
        "currency": one.currency or None,
        "gross": one.gross,
    }


def _held(one: Held, spoken: Language) -> dict[str, Any]:
    words = explain(one.problem.key, one.problem.facts, spoken)
    return {
        **_voucher(one.voucher),
        "outcome": one.outcome,
        "cause": one.problem.cause,
        **asdict(words),
        "facts": dict(one.problem.facts),
    }
