"""A Buchungsliste as a spreadsheet: rows for CSV and XLSX, with all columns always there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlconnector.flow.preview.list_rows import COLUMNS, MORE, ShownRow, case_rows, words_of
from mlconnector.flow.preview.sums import Sums
from mlconnector.flow.report.spreadsheets import Cell, Sheet
from mlconnector.texts.catalogue import sentence
from mlconnector.texts.language import Language


def headings(spoken: Language) -> list[str]:
    """The headings of the list, and of what a sheet has beside it."""
    return [*(column.heading for column in COLUMNS), *(_heading(key, spoken) for key in MORE)]


def cells(row: ShownRow) -> list[Cell]:
    """The cells beneath these headings."""
    return [row.cells[key] for key in (*(column.key for column in COLUMNS), *MORE)]


def sheets(name: str, rows: Sequence[ShownRow], sums: Sums, spoken: Language) -> Iterator[Sheet]:
    """The sheets of a workbook: the list, its postings, the sums, and what waits."""
    yield Sheet(sentence("sheet_list", {}, spoken), headings(spoken), map(cells, rows))
    posted = ("nr", "document_field_1", "date", "account", "account_name", "debit", "credit", "currency")
    yield Sheet(
        sentence("sheet_postings", {}, spoken), [_heading(key, spoken) for key in posted], _posting_rows(rows)
    )
    summed = ("tax_case", "rows", "net", "tax", "gross", "currency")
    yield Sheet(
        sentence("sheet_sums", {}, spoken), [_heading(key, spoken) for key in summed], case_rows(sums, spoken)
    )
    waiting = ("number", "what", "why", "do", "who", "cause")
    yield Sheet(
        sentence("sheet_waits", {}, spoken),
        [_heading(key, spoken) for key in waiting],
        _waiting_rows(name, sums, spoken),
    )


def _heading(key: str, spoken: Language) -> str:
    known = {column.key: column.heading for column in COLUMNS}
    return known[key] if key in known else sentence(f"heading_{key}", {}, spoken)


def _posting_rows(rows: Iterable[ShownRow]) -> Iterator[list[Cell]]:
    for row in rows:
        for one in row.listed.postings:
            sides = (one.amount, None) if one.side == "S" else (None, one.amount)
            around = [row.cells[key] for key in ("nr", "document_field_1", "date")]
            yield [*around, one.account, one.name, *sides, one.currency]


def _waiting_rows(name: str, sums: Sums, spoken: Language) -> Iterator[list[Cell]]:
    for cause, one in sums.waits.items():
        for label, problem in zip(one.vouchers, one.problems, strict=True):
            words = words_of([problem], name, spoken)
            yield [label, words.what, words.why, words.do, words.who, cause]
