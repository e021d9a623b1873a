"""The screen Auswertungen: each report as a page, files and a print sheet."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.told_reports import ToldReport
from mlconnector.web.console.screens import reports
from mlconnector.web.console.screens.reports import KINDS
from tests.web.console.rig import Visitor, fill, visitor
from tests.web.rig import NAME, Rig


@pytest.fixture
def filled(rig: Rig) -> Rig:
    fill(rig)
    return rig


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_is_a_page_a_csv_an_xlsx_and_a_print_sheet(filled: Rig, language: str) -> None:
    somebody = visitor(filled, "auditor", language=language)
    for kind in KINDS:
        check_forms(somebody, kind)


def check_forms(somebody: Visitor, kind: str) -> None:
    """A report in all its forms."""
    page = somebody.page(f"reports/{kind}?connection={NAME}")
    assert page.count("as=csv") == page.count("as=xlsx") == page.count("as=print") == 1
    csv = somebody.get(f"reports/{kind}?connection={NAME}&as=csv")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    xlsx = somebody.get(f"reports/{kind}?connection={NAME}&as=xlsx")
    assert openpyxl.load_workbook(io.BytesIO(xlsx.content)).sheetnames
    printed = somebody.page(f"reports/{kind}?connection={NAME}&as=print")
    assert 'class="pager"' not in printed
    assert '<form class="filters"' not in printed


def test_without_a_connection_it_says_what_would_be_there(rig: Rig) -> None:
    somebody = visitor(rig)
    assert "sobald es eine Verbindung gibt" in somebody.page("reports")
    assert "sobald es eine Verbindung gibt" in somebody.page("reports/opos")


def test_bookings_are_listed_with_their_side_and_file_but_not_the_rejected_ones(filled: Rig) -> None:
    page = visitor(filled).page(f"reports/bookings?connection={NAME}&period=2026-02")
    assert page.count("<bdi>1.190,00</bdi>") == 2
    assert page.count("<bdi>200,50</bdi>") == 2
    assert "EXTF_pipedrive_2026-02_settled.csv" in page
    assert "EXTF_pipedrive_2026-02_failed.csv" not in page


def test_the_first_look_is_at_the_last_month_with_bookings(filled: Rig) -> None:
    somebody = visitor(filled)
    assert 'value="2026-02"' in somebody.page("reports/bookings")
    assert 'value="2026-02"' not in somebody.page(f"reports/bookings?connection={NAME}")


def test_what_is_no_period_or_day_is_said_beside_its_field(filled: Rig) -> None:
    somebody = visitor(filled)
    assert "„Juli“ ist kein Zeitraum." in somebody.page("reports/vat?period=Juli")
    assert "„Juli“ ist kein Tag." in somebody.page("reports/opos?on=Juli")


def test_the_vat_check_compares_the_rate_with_the_tax_of_the_rows(filled: Rig) -> None:
    page = visitor(filled).page(f"reports/vat?connection={NAME}")
    assert "1.000,00" in page
    assert page.count("190,00") >= 2


def test_rows_that_add_up_others_stand_out_and_the_period_is_written_out(
    filled: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(
        "", ("account", "debit"), [["8400", Decimal(1)], ["Summe", Decimal(1)]], "de", frozenset({1})
    )
    told = ToldReport("Salden", "demo", (), "", [("", table)], [], lambda: table, lambda: [table])
    monkeypatch.setattr(reports, "balances_told", lambda *_made, **_more: told)
    somebody = visitor(filled)
    for form in ("", "&as=print"):
        page = somebody.page(f"reports/balances?connection={NAME}&period=2026-02{form}")
        assert page.count('<tr class="sum">') == 1
        assert '<tr class="sum"><td class="nowrap"><bdi>Summe</bdi></td>' in page
    assert "Zeitraum: Februar 2026." in page


def test_long_lists_are_turned_over(filled: Rig) -> None:
    with filled.application.database.write() as db:
        db.exec_driver_sql(
            "insert into entries select 'e' || n, voucher, connection, client, revision, kind, n + 5, period,"
            " ledger, channel, 'o' || n, content, mapping, document, reverses, batch, created_at"
            " from entries,"
            " (with recursive c(n) as (select 1 union select n + 1 from c where n < 70) select n from c)"
            " where batch = 'settled'"
        )
    somebody = visitor(filled)
    first = somebody.page(f"reports/bookings?connection={NAME}&period=2026-02")
    assert "1–50 von 72" in first
    assert "51–72 von 72" in somebody.page(f"reports/bookings?connection={NAME}&period=2026-02&page=2")
    taken = somebody.get(f"reports/bookings?connection={NAME}&period=2026-02&as=csv").text
    assert taken.count("\r\n") == 2 * 72 + 1
