"""Checks of a voucher itself, before any table is looked at: party, number, and whether the sums agree."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.mapping.drafts import ledger_of, person_problem
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.vat_ids import vat_id_problem
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Kind, Voucher


def formal_problems(voucher: Voucher, sums: Totals, rules: Rules) -> list[Problem]:
    """What is missing or contradictory in the voucher itself."""
    found = [
        *_about_party(voucher, rules),
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
