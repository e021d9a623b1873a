"""A Buchungsliste as data: JSON for machines, with all columns always there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mlconnector.commands import document
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.list_rows import (
    COLUMNS,
    MORE,
    ShownRow,
    reasons,
    seed_title,
    why_in_words,
)
from mlconnector.flow.preview.sums import Sums
from mlconnector.mapping.postings import Posting
from mlconnector.texts.catalogue import explain, word
from mlconnector.texts.language import Language


def print_as_json(
    name: str, vouchers: Iterable[tuple[Previewed, Sequence[ShownRow]]], sums: Sums, spoken: Language
) -> None:
    """Print an object with the vouchers and then the totals; only one voucher is held in memory."""
    with document.spooled() as out:
        out.write(f'{{\n"connection": {document.json_text(name)},\n"vouchers": [')
        for count, (one, rows) in enumerate(vouchers):
            out.write(f"{',' if count else ''}\n{_dumped(_voucher(one, rows, spoken))}")
        out.write(f'\n],\n"totals": {_dumped(_totals(sums, spoken))}\n}}\n')


def _dumped(value: Any) -> str:
    return document.json_text(value, indent=2)


def _voucher(one: Previewed, rows: Sequence[ShownRow], spoken: Language) -> dict[str, Any]:
    voucher = one.voucher
    return {
        "external_id": one.external_id,
        "number": one.number,
        "title": one.title,
        "kind": voucher.kind.value if voucher is not None else None,
        "refers_to": voucher.refers_to if voucher is not None else None,
        "format": one.channel,
        "document": one.document or None,
        "files": one.files,
        "new_person": one.new_person or None,
        "rows": [_row(row, spoken) for row in rows],
        "changes": [
            {"field": change.field, "before": change.before, "after": change.after, "reason": change.reason}
            for change in one.changes
        ],
        "tax_differences": [
            {"rate": each.rate, "document": each.document, "booked": each.booked} for each in one.differences
        ],
        "ignored": one.ignored,
        "ignored_in_words": word("reason", one.ignored, spoken) if one.ignored else "",
        "problems": [
            {
                "cause": problem.cause,
                **asdict(explain(problem.key, problem.facts, spoken)),
                "facts": dict(problem.facts),
            }
            for problem in one.problems
        ],
    }


def _row(row: ShownRow, spoken: Language) -> dict[str, Any]:
    listed = row.listed
    return {
        **{key: None if row.cells[key] == "" else row.cells[key] for key in _KEYS},
        "tax_case": listed.line.tax_case,
        "generalumkehr": listed.marked,
        "datev": {name: str(value) for name, value in listed.row.items()},
        "postings": [_posting(one) for one in listed.postings],
        "why": [
            {
                "field": why.field,
                "value": why.value,
                "rule": why.rule,
                "facts": why.facts,
                "in_words": why_in_words(why, spoken),
            }
            for why in reasons(row)
        ],
    }


_KEYS = (*(column.key for column in COLUMNS), *MORE)


def _posting(one: Posting) -> dict[str, Any]:
    return {
        "account": one.account or None,
        "name": one.name or None,
        "side": one.side,
        "amount": one.amount,
        "currency": one.currency,
        "part": one.part,
    }


def _totals(sums: Sums, spoken: Language) -> dict[str, Any]:
    return {
        "vouchers": sums.vouchers,
        "rows": sums.rows,
        "debit": _by_currency(sums.debit),
        "credit": _by_currency(sums.credit),
        "tax_cases": [
            {
                "tax_case": key.tax_case,
                "rate": key.rate,
                "currency": key.currency,
                "rows": one.rows,
                "net": one.net,
                "tax": one.tax,
                "gross": one.gross,
                "tax_added": one.added,
            }
            for key, one in sums.cases.items()
        ],
        "debtors": len(sums.persons.get("receivable", ())),
        "creditors": len(sums.persons.get("payable", ())),
        "new_persons": sorted(sums.new_persons),
        "changes": len(sums.changes),
        "tax_differences": len(sums.differences),
        "held": sums.held,
        "not_examined": sums.not_examined,
        "waits": [{"cause": cause, "vouchers": one.vouchers} for cause, one in sums.waits.items()],
        "ignored": sum(map(len, sums.ignored.values())),
        "unconfirmed": [
            {"seed": one.name, "in_words": seed_title(one, spoken)} for one in sums.unconfirmed()
        ],
    }


def _by_currency(sums: Mapping[str, Any]) -> dict[str, str]:
    return {currency: str(total) for currency, total in sorted(sums.items())}
