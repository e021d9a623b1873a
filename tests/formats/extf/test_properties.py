"""What holds for any entry: nothing is lost, nothing breaks a file, and a reader that is not ours agrees."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from mlconnector.formats.extf import (
    Encoding,
    ParsedRow,
    check,
    document_field,
    label_field,
    person_row,
    read,
    write,
)
from mlconnector.model.entries import Entry
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.vouchers import Party
from tests.formats.extf.examples import (
    as_bytes,
    booked,
    entries,
    entry,
    header,
    line,
    master_data_header,
    texts,
    unhurried,
)

encodings = st.sampled_from(["utf-8-bom", "windows-1252"])


def signed(row: ParsedRow) -> Decimal:
    amount = Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
    return amount if row["Soll/Haben-Kennzeichen"] == "S" else -amount


@unhurried
@given(entries(), encodings)
def test_the_rows_of_an_entry_add_up_to_its_total_and_to_every_accounts_balance(
    given: Entry, encoding: Encoding
) -> None:
    rows = list(read(write(header(), booked(given).rows, encoding=encoding).content).rows)
    assert sum(map(signed, rows), ZERO) == given.total
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        balances[row["Konto"]] += signed(row)
        balances[row["Gegenkonto (ohne BU-Schlüssel)"]] -= signed(row)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in given.legs():
        expected[account] += amount
    assert balances == expected


@unhurried
@given(entries(), encodings)
def test_what_is_written_is_read_and_written_again_as_the_same_bytes(
    given: Entry, encoding: Encoding
) -> None:
    content = write(header(), booked(given).rows, encoding=encoding).content
    file = read(content)
    assert as_bytes(file) == content
    assert file.header.fields() == header().fields()
    again = write(file.header, [row.values() for row in file.rows], encoding=encoding)
    assert (again.content, again.changes) == (content, ())


@unhurried
@given(entries(), encodings, st.sampled_from([None, "service_date", "document_date"]), st.booleans())
def test_our_files_have_nothing_that_datev_would_refuse_or_change(
    given: Entry, encoding: Encoding, tax_period: str | None, flag: bool
) -> None:
    marked = frozenset({"reversal"}) if flag else frozenset[str]()
    rows = booked(given, tax_period=tax_period, generalumkehr=marked, festschreibung=flag).rows
    content = write(header(festschreibung=flag), rows, encoding=encoding).content
    # accounts, keys and numbers that are drawn at random are often doubtful, which is no fault of the writer
    assert {finding.rule for finding in check(content) if finding.severity != "doubtful"} == set()


@unhurried
@given(texts, texts, encodings)
def test_no_text_breaks_a_file(text: str, number: str, encoding: Encoding) -> None:
    given = entry(line(text=text), line(text="unharmed"), number=number)
    first, second = read(write(header(), booked(given).rows, encoding=encoding).content).rows
    assert second["Buchungstext"] == "unharmed"
    assert first["Belegfeld 1"] == second["Belegfeld 1"] == document_field(number)[0]
    assert first["Festschreibung"] == "0"


@unhurried
@given(entries(), encodings)
def test_an_independent_reader_takes_every_file_and_finds_the_same_balances(
    given: Entry, encoding: Encoding
) -> None:
    content = write(header(), booked(given).rows, encoding=encoding).content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "EXTF_test.csv"
        path.write_bytes(content)
        _, legs = read_batch(str(path))
    assert sum(legs["Betrag"]) == 0
    own = [amount for amount, leg in zip(legs["Betrag"], legs["Leg"], strict=True) if leg == "K"]
    assert sum(own) == rounded(given.total / (given.exchange_rate or Decimal(1)))
    assert set(legs["Buchungsdatum"]) == {given.document_date}
    assert set(legs["Belegfeld 1"]) == {document_field(given.number)[0]}


parties = st.builds(
    Party,
    external_id=st.just("p"),
    name=texts,
    is_business=st.sampled_from([True, False, None]),
    vat_id=st.none() | st.sampled_from(["DE133546770", "CHE-1", "atu 1234", ""]) | texts,
    country=st.none() | st.sampled_from(["DE", "at", "Deutschland"]),
    street=st.none() | texts,
    postal_code=st.none() | st.sampled_from(["90482", "SW1A 1AA", "1" * 11]),
    city=st.none() | texts,
    email=st.none() | texts,
)


@unhurried
@given(parties, st.text(max_size=20), encodings)
def test_any_party_can_be_written_and_nothing_about_it_is_refused(
    party: Party, number: str, encoding: Encoding
) -> None:
    row = person_row(party, "10001", customer_number=number).row
    content = write(master_data_header(), [row], encoding=encoding).content
    assert [finding for finding in check(content) if finding.severity != "doubtful"] == []
    assert as_bytes(read(content)) == content


@unhurried
@given(texts)
def test_any_text_can_become_the_label_of_a_batch(text: str) -> None:
    label, _ = label_field(text)
    assert header(label=label).fields()[16] == f'"{label}"'
