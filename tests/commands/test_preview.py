"""The Buchungsliste as a bookkeeper gets it: in a terminal, as CSV, XLSX, JSON and EXTF."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from mlconnector.commands.output import console
from mlconnector.commands.preview import Wanted, print_page
from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.flow.preview.list_rows import COLUMNS, MORE, persons_in_words, shown_rows
from mlconnector.flow.preview.sums import Sums
from mlconnector.mapping.drafts import entry
from mlconnector.model.vouchers import Kind
from tests.commands.desk import NAME, Desk, desk
from tests.mapping.builders import draft, line, rules, voucher

RECORDS = 12
# Spreadsheets know no days, only moments at midnight.
DAY = datetime.combine(date(2026, 7, 4), time())
# Deals by what they show; before a first run only the source knows them, by these ids.
MIXED_RATES, EU_BUSINESS = "2", "3"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up, with records that can be booked and some that wait."""
    with desk(tmp_path, RECORDS, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        yield made


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")


def printed(mine: Desk, *words: str) -> list[str]:
    return mine.give("preview", NAME, *words).output.splitlines()


def test_the_columns_stand_in_the_order_in_which_bookkeepers_read(mine: Desk, wide: None) -> None:
    head, first, *_ = printed(mine, MIXED_RATES)
    order = "Nr Umsatz S/H Gegenkonto Belegfeld 1 Datum Konto KOST1 Buchungstext Beleg Status"
    assert " ".join(head.split()) == order
    assert first.split()[:7] == ["1", "2,590.39", "S", "8400", "RE-2026-00002", "19.07.", "40000"]


def test_foreign_money_brings_its_columns_with_it(mine: Desk, wide: None) -> None:
    head = printed(mine, "--limit", str(RECORDS))[0]
    assert "S/H  WKZ    Kurs  Basis-Umsatz" in head


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(mine: Desk, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = printed(mine, "--limit", str(RECORDS), "--accounts", "--postings", "--why")
    too_wide = [line for line in lines if len(line) > width and " " in line.strip()]
    assert too_wide == []


def test_what_does_not_fit_in_a_narrow_terminal_stands_beneath(mine: Desk) -> None:
    head, _, beneath, *_ = printed(mine, MIXED_RATES)
    assert "Buchungstext" not in head
    assert "Kästner König e. K." in beneath


def test_the_foot_adds_up_and_says_what_waits(mine: Desk) -> None:
    said = mine.says(1, "preview", NAME, "--limit", str(RECORDS))
    for told in (
        "Domestic 19 %",
        "Debtors: 8",
        "Adapted texts: 3",
        "RE 2026/0009.1: Belegfeld 1: RE 2026/0009.1 → RE-2026/0009-1 (replaced)",
        "Waiting for you: 4",
        f"Vouchers: {RECORDS}",
        f"A higher --limit than {RECORDS} shows more",
    ):
        assert told in said


def test_a_file_that_nobody_looked_into_has_a_sign_of_its_own(mine: Desk, wide: None) -> None:
    _, row, *rest = printed(mine, "--limit", "21")
    assert "📎?" in row
    assert any("Vouchers whose file is not yet examined (📎?): " in line for line in rest)
    assert "📎?" not in mine.says(1, "preview", NAME, "--limit", "21", "--documents")
    assert "📎?" not in mine.says(0, "preview", NAME, MIXED_RATES)
    told = mine.data(1, "preview", NAME, "--limit", "21")
    unseen = [one for one in told["vouchers"] if one["files"] == "not_examined" and one["rows"]]
    assert len(unseen) == told["totals"]["not_examined"] > 0
    assert all("(not yet examined)" in row["document"] for one in unseen for row in one["rows"])


def test_each_voucher_that_waits_has_its_own_facts(mine: Desk, tmp_path: Path) -> None:
    for deal, value in ((2, 1111), (3, 2222)):
        mine.pipedrive.change_deal(deal, value=value)
    said = mine.says(1, "preview", NAME, "2", "3")
    assert "2 × The lines do not add up" in said
    for number, amount in (("RE-2026-00002", "1,111.00"), ("RE-2026-00003", "2,222.00")):
        assert f"{number}: The document says {amount} EUR" in said
    told = mine.data(1, "preview", NAME, "2", "3")["vouchers"]
    assert [one["problems"][0]["facts"]["stated"] for one in told] == ["1111.00", "2222.00"]
    mine.give("preview", NAME, "2", "3", "--xlsx", str(tmp_path / "list.xlsx"))
    rows = list(load_workbook(tmp_path / "list.xlsx")["Wartet (waiting)"].values)
    assert ["1,111.00" in str(row[2]) for row in rows[1:]] == [True, False]


def test_the_postings_of_each_row_can_be_shown(mine: Desk, wide: None) -> None:
    lines = [line.split() for line in printed(mine, MIXED_RATES, "--postings")]
    assert ["Haben", "1776", "Umsatzsteuer", "19", "%", "413.59", "EUR"] in lines
    assert ["Haben", "1771", "Umsatzsteuer", "7", "%", "1.73", "EUR"] in lines


def test_the_accounts_of_each_row_can_be_named(mine: Desk) -> None:
    assert "40000 Kästner König e. K. · 8400 Erlöse 19 % USt" in mine.says(
        0, "preview", NAME, MIXED_RATES, "--accounts"
    )


def test_every_field_can_say_why_in_both_languages(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    english = mine.says(0, "preview", NAME, EU_BUSINESS, "--why")
    assert "Umsatz (amount) = 6,506.64: gross of the document's lines 1, 2" in english
    assert "another EU member state (NL), with a VAT id of another member state, goods" in english
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    german = mine.says(0, "preview", NAME, EU_BUSINESS, "--why")
    assert "Umsatz = 6.506,64: Brutto der Positionen 1, 2" in german
    assert "EU-Ausland (NL), mit USt-IdNr. eines anderen EU-Landes, Ware" in german
    assert "Belegdatum = 27.07.2026: Belegdatum in der Quelle" in german


def test_json_has_every_column_and_the_totals(mine: Desk) -> None:
    told = mine.data(1, "preview", NAME, "--limit", str(RECORDS))
    rows = [row for one in told["vouchers"] for row in one["rows"]]
    assert [row["nr"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert {column.key for column in COLUMNS} | set(MORE) <= set(row)
        assert sum(float(one["amount"]) * (1 if one["side"] == "S" else -1) for one in row["postings"]) == (
            pytest.approx(0)
        )
        assert {one["field"] for one in row["why"]} >= {
            "amount",
            "side",
            "account",
            "tax_key",
            "number",
            "date",
        }
    totals = told["totals"]
    assert (totals["vouchers"], totals["rows"], totals["held"]) == (RECORDS, len(rows), 4)
    assert {one["tax_case"] for one in totals["tax_cases"]} >= {"domestic_19", "export_goods"}


def test_csv_goes_to_standard_output_alone(mine: Desk) -> None:
    answer = mine.give("preview", NAME, "--limit", "3", "--csv", "-")
    rows = list(csv.reader(io.StringIO(answer.stdout)))
    assert rows[0][: len(COLUMNS)] == [column.heading for column in COLUMNS]
    assert {len(row) for row in rows} == {len(COLUMNS) + len(MORE)}
    assert rows[1][1] == "195.42"


def test_german_csv_has_semicolons_and_decimal_commas(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert "liste.csv, Zeilen: 4" in mine.says(0, "preview", NAME, "--limit", "3", "--csv", "liste.csv")
    (first, *_) = list(csv.DictReader(io.StringIO(Path("liste.csv").read_text("utf-8-sig")), delimiter=";"))
    assert (first["Umsatz"], first["Datum"], first["Belegfeld 2"]) == ("195,42", "04.07.2026", "")


def test_xlsx_has_four_sheets_with_numbers_as_numbers(mine: Desk) -> None:
    mine.says(1, "preview", NAME, "--limit", str(RECORDS), "--xlsx", "list.xlsx")
    book = load_workbook("list.xlsx")
    assert [page.title for page in book] == [
        "Buchungsliste",
        "Buchungssätze",
        "Summen (sums)",
        "Wartet (waiting)",
    ]
    listed, posted, summed, waiting = ([list(row) for row in page.values] for page in book)
    first: dict[Any, Any] = dict(zip(listed[0], listed[1], strict=True))
    assert (first["Umsatz"], first["Gegenkonto"], first["Datum"]) == (195.42, "8400", DAY)
    foreign = next(row for row in listed if row[3] == "CHF")
    assert foreign[4] == pytest.approx(0.9225)
    debit, credit = ([row[at] for row in posted[1:] if row[at] is not None] for at in (5, 6))
    assert {type(amount) for amount in (*debit, *credit)} == {float}
    assert sum(map(float, debit)) == pytest.approx(sum(map(float, credit)))  # type: ignore[arg-type]
    assert summed[1][0] == "Domestic 19 %"
    assert len(waiting) == 5


def test_the_extf_files_say_that_they_are_a_preview(mine: Desk) -> None:
    said = mine.says(1, "preview", NAME, "--limit", str(RECORDS), "--out", "files")
    assert "Nothing was sent or stored. No Belegbild is linked in the files" in said
    files = sorted(Path("files").iterdir())
    months = [file.name.removeprefix("EXTF_Vorschau-pipedrive_")[:7] for file in files]
    assert months == ["2026-07", "2026-08", "2026-09", "2026-10"]
    checked = mine.says(0, "check", *map(str, files), "--connection", NAME)
    assert "rejected online: 0, rejected on import: 0" in checked
    assert mine.datev.jobs == []


def test_one_month_can_go_to_a_file_of_ones_own_name(mine: Desk) -> None:
    mine.says(0, "preview", NAME, MIXED_RATES, "--out", "EXTF_mine.csv")
    assert '"Vorschau pipedrive 2026-07"' in Path("EXTF_mine.csv").read_text("utf-8-sig")
    assert "name a folder" in mine.says(2, "preview", NAME, "--limit", str(RECORDS), "--out", "EXTF_all.csv")
    assert not Path("EXTF_all.csv").exists()


def test_two_things_cannot_go_to_standard_output(mine: Desk) -> None:
    assert "give one of them" in mine.says(2, "preview", NAME, "--json", "--csv", "-")


def test_where_nothing_is_new_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, 0, monkeypatch) as idle:
        idle.says(0, "init")
        idle.fill_in()
        idle.connect()
        assert idle.says(0, "preview", NAME) == "There is nothing new to book, and nothing waits."
        assert idle.data(0, "preview", NAME)["vouchers"] == []


def test_days_are_not_taken_for_texts(mine: Desk) -> None:
    (one,) = mine.data(0, "preview", NAME, MIXED_RATES)["vouchers"]
    assert date.fromisoformat(one["rows"][0]["date"]) == date(2026, 7, 19)


@pytest.mark.parametrize(("refers_to", "told"), [("RE-1", "zu Rechnung RE-1"), (None, "Gutschrift")])
def test_a_credit_note_shows_its_invoice_and_a_generalumkehr_is_marked(
    refers_to: str | None, told: str
) -> None:
    by = rules({"credit_notes": "generalumkehr"})
    note = voucher(line("-100"), kind=Kind.CREDIT_NOTE, number="GS-1", refers_to=refers_to)
    made = entry(draft(note, by), person="10001", document=None, revision="r", turn=1)
    one = listed(Previewed("1", number="GS-1", voucher=note), [made], by)
    with console.capture() as captured:
        print_page(list(shown_rows(one, 1, by, "de")), Wanted(), "de")
    said = captured.get()
    assert told in said
    assert "neu (GU)" in said
    assert "119,00  H" in said


def test_of_many_new_numbers_it_says_how_many_more_there_are() -> None:
    sums = Sums(rules())
    sums.new_persons |= {str(40000 + at) for at in range(25)}
    assert "40000, 40001" in persons_in_words(sums, "en")
    assert persons_in_words(sums, "en").endswith("40019 and 5 more")
