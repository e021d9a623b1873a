"""The table of the VAT check, for terminals, pages and files."""

from __future__ import annotations

from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.flow.report.vat_check import VatReport
from mlconnector.texts.catalogue import sentence, word
from mlconnector.texts.language import Language

_KEYS = (
    "direction",
    "tax_case",
    "rate",
    "rows",
    "base",
    "expected_tax",
    "tax_owed",
    "input_tax",
    "difference",
)


def vat_table(report: VatReport, spoken: Language) -> Table:
    """Each tax case with base, rate, the tax expected and the tax in the rows."""
    rows: list[list[Cell]] = [
        [
            word("direction", "sale" if one.is_sale else "purchase", spoken),
            word("tax_case", one.tax_case, spoken),
            one.rate,
            one.rows,
            one.base,
            one.expected,
            one.tax,
            one.input_tax,
            one.difference,
        ]
        for one in report.cases
    ]
    return Table(sentence("report_vat_sheet", {}, spoken), _KEYS, rows, spoken)
