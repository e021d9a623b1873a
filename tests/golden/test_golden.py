"""Vouchers as a bookkeeper checks them: rows and postings worked out from the rules beside them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

import pytest

from mlconnector.flow.agree.check_settings import of_rules
from mlconnector.flow.decide.rows import rows_of
from mlconnector.formats.extf import REJECTED, BookingRows, Encoding, Header, check, read, write
from mlconnector.mapping.booking import decide
from mlconnector.mapping.books import Books
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.mapping.postings import postings
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.money import ZERO
from tests.golden.reading import VOUCHERS, Golden, Posting, goldens

ALL = list(goldens())
LEAST = 60


def booked(golden: Golden) -> Entry:
    """The entry of a golden's voucher, or what takes it back."""
    decision = decide(golden.voucher, golden.rules, cleared=golden.cleared)
    assert isinstance(decision, Draft), decision
    made = entry(decision, person=golden.person, document=golden.document, revision="r1", turn=1)
    return reversed_entry(made, revision="r2", turn=2) if golden.taken_back else made


def header(books: Books, day: date) -> Header:
    """The header of the month's file, as it is frozen."""
    start = date(day.year - (day.month < books.fiscal_year_start), books.fiscal_year_start, 1)
    return Header(
        created_at=datetime.fromisoformat(f"{day}T12:00:00"),
        consultant=29098,
        client=55003,
        fiscal_year_start=start,
        account_length=books.account_length,
        version=books.format_version,
        date_from=day.replace(day=1),
        date_to=day.replace(day=monthrange(day.year, day.month)[1]),
        label="Golden",
        festschreibung=books.festschreibung,
        chart=books.chart.removeprefix("SKR") if books.chart != "own" else "",
    )


def written(golden: Golden) -> tuple[BookingRows, bytes]:
    """The rows of a golden and the file with them."""
    books = golden.rules.books
    made = booked(golden)
    rows = rows_of(made, books)
    encoding: Encoding = "utf-8-bom" if books.encoding == "utf-8" else "windows-1252"
    return rows, write(header(books, made.document_date), rows.rows, encoding=encoding).content


@pytest.mark.parametrize("golden", ALL, ids=[golden.id for golden in ALL])
class TestAVoucher:
    def test_becomes_exactly_the_rows_that_the_rule_asks_for(self, golden: Golden) -> None:
        rows, content = written(golden)
        assert tuple(row.values() for row in read(content).rows) == golden.rows
        assert [set(row) for row in rows.rows] == [set(row) for row in golden.rows]

    def test_is_booked_by_datev_on_these_accounts(self, golden: Golden) -> None:
        made = booked(golden)
        found = [
            Posting(
                one.account,
                one.name,
                *(f"{one.amount:.2f}".replace(".", ",") if one.side == side else "" for side in "SH"),
            )
            for one in postings(made, golden.rules)
        ]
        assert tuple(found) == golden.postings
        assert sum((amount for _, amount in made.legs()), ZERO) == 0

    def test_gives_a_file_that_datev_would_not_object_to(self, golden: Golden) -> None:
        _, content = written(golden)
        found = check(content, settings=of_rules(golden.rules))
        assert [one for one in found if one.severity in REJECTED] == []

    def test_says_which_rule_it_follows(self, golden: Golden) -> None:
        assert golden.why


def test_there_are_enough_of_them() -> None:
    assert len({golden.name for golden in ALL}) >= LEAST
    assert {path.stem for path in VOUCHERS.iterdir()} == {golden.name for golden in ALL}


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
def test_every_tax_case_is_among_them_in_both_charts(chart: str) -> None:
    shown = {
        line.tax_case for golden in ALL if golden.rules.books.chart == chart for line in booked(golden).lines
    }
    assert set(tax_cases()) - shown == set()
