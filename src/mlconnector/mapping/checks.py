"""Checks of a voucher: of itself before any table is looked at, and of the lines that were made of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.drafts import ledger_of, person_problem
from mlconnector.mapping.lookups import rows_in_force
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.vat_ids import vat_id_problem
from mlconnector.model.entries import EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Kind, Voucher

_LOWERED = {Decimal(19): Decimal(16), Decimal(7): Decimal(5)}
"""The rates of July to December 2020 in place of the usual ones (§ 28 Abs. 1 and 2 UStG)."""


def formal_problems(voucher: Voucher, sums: Totals, rules: Rules) -> list[Problem]:
    """What is missing or contradictory in the voucher itself."""
    found = [problem for problem in _about_party(voucher, rules) if problem is not None]
    return [*found, *document_problems(voucher, sums, rules)]


def document_problems(voucher: Voucher, sums: Totals, rules: Rules) -> list[Problem]:
    """What is missing or contradictory in what a voucher says of itself, whoever its party is."""
    found = [
        None if voucher.number else Problem("number_missing", {"title": voucher.title}),
        _about_sign(voucher, sums),
        _about_total(voucher, sums, rules),
    ]
    return [problem for problem in found if problem is not None]


def stated_gross(voucher: Voucher, sums: Totals, rules: Rules) -> Decimal | None:
    """The document's own gross total where the source states it; where it does not say which total it
    states, one that is nearer to the gross than to the net and within the rounding limit.
    """
    stated = voucher.stated_total
    if stated is None or voucher.stated_total_is == "net":
        return None
    off = abs(sums.gross - stated)
    if voucher.stated_total_is == "gross" or (
        off <= rules.mapping.rounding_limit and off <= abs(sums.net - stated)
    ):
        return stated
    return None


def _about_party(voucher: Voucher, rules: Rules) -> list[Problem | None]:
    if voucher.party is None:
        return [Problem("party_missing", {"title": voucher.title})]
    return [
        vat_id_problem(voucher.party),
        person_problem(voucher.party, ledger_of(voucher), rules.books),
    ]


def _about_sign(voucher: Voucher, sums: Totals) -> Problem | None:
    if voucher.kind != Kind.CREDIT_NOTE or sums.gross <= ZERO:
        return None
    facts = {
        "number": voucher.number or "",
        "total": f"{sums.gross:f}",
        "currency": voucher.currency,
    }
    return Problem("credit_note_positive", facts)


def _about_total(voucher: Voucher, sums: Totals, rules: Rules) -> Problem | None:
    stated = voucher.stated_total
    if stated is None:
        return None
    written = f"{rounded(stated, voucher.currency):f}"
    if not voucher.lines:
        facts = {"value": written, "currency": voucher.currency, "title": voucher.title}
        return Problem("lines_missing", facts)
    moves = any(sums.line_gross)
    if moves and voucher.stated_total_is == "either":
        return None
    ours = sums.net if voucher.stated_total_is == "net" else sums.gross
    if moves and abs(ours - stated) <= rules.mapping.rounding_limit:
        return None
    facts = {
        "stated": written,
        "lines": f"{ours:f}",
        "net": f"{sums.net:f}",
        "gross": f"{sums.gross:f}",
        "currency": voucher.currency,
    }
    return Problem("total_differs", facts)


def line_problems(voucher: Voucher, lines: Sequence[EntryLine], rules: Rules) -> tuple[Problem, ...]:
    """What would let DATEV book another tax than the tax cases of a voucher's lines say, or none at all."""
    found: dict[str, Problem] = {}
    for line in lines:
        problem = _about_line(voucher, line, tax_cases()[line.tax_case], rules)
        if problem is not None:
            found.setdefault(problem.cause, problem)
    return tuple(found.values())


def _about_line(voucher: Voucher, line: EntryLine, case: TaxCase, rules: Rules) -> Problem | None:
    facts = {
        "account": line.contra_account,
        "tax_case": case.name,
        "number": voucher.number or "",
        "document_day": voucher.document_date.isoformat(),
    }
    day = voucher.service_date or voucher.document_date
    if not case.holds_on(day):
        return Problem("tax_case_not_valid", {**facts, "day": day.isoformat()}, ("tax_case", "number"))
    meant = _meant_then(case, voucher)
    if meant is not None:
        shown = {"rate": f"{line.tax_rate:f}", "meant": meant.name, "key": case.key}
        return Problem("key_meant_another_rate", {**facts, **shown}, ("number",))
    if not case.automatic_only or line.tax_key or _is_automatic(line.contra_account, voucher, rules):
        return None
    shown = {"proposed": case.account.get(rules.books.chart, ""), "boxes": ", ".join(case.boxes)}
    return Problem("tax_case_needs_automatic", {**facts, **shown}, ("account", "tax_case"))


def _is_automatic(number: str, voucher: Voucher, rules: Rules) -> bool:
    """Whether DATEV works out the tax by an account, as the chart knows it or a row describes it."""
    known = rules.accounts.get(number)
    return (known is not None and known.automatic) or any(
        row.account == number and row.automatic is True for _, row in rows_in_force(voucher, rules)
    )


def _meant_then(case: TaxCase, voucher: Voucher) -> TaxCase | None:
    """The other tax case that this one's key stood for on the day of the document, if there is one.

    Automatic accounts followed the keys, and keys of tax that the client owes itself the rates: in late 2020
    they worked out 16 and 5 % where they say 19 and 7 %.
    """
    for other in tax_cases().values():
        if other.key_until is None or other.name == case.name or other.direction != case.direction:
            continue
        last, key = other.key_until
        first = other.valid[0][0]
        alike = key == case.key or (case.own_rate != 0 and _LOWERED.get(case.own_rate) == other.rate)
        if alike and first <= voucher.document_date <= last:
            return other
    return None
