"""The screen Buchungsvorschau: rows as a file takes them, sums, why, what waits for the release."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import openpyxl
import pytest

from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.model.entries import Because, Entry, EntryLine, encode, reversed_entry
from mlconnector.model.vouchers import Kind
from mlconnector.model.vouchers import encode as encode_voucher
from mlconnector.store import audit, connections, entries
from mlconnector.store.entries import NewEntry
from tests.mapping.builders import line, voucher
from tests.web import records
from tests.web.console.rig import HOSTILE, faults, visitor
from tests.web.rig import NAME, Rig

WHY = Because("account", "8400", "mapping.revenue: product_code = MONT")


def row(amount: str, contra_account: str = "8400", account: str = "10001") -> EntryLine:
    return EntryLine(
        account=account,
        contra_account=contra_account,
        amount=Decimal(amount),
        tax_case="domestic_19",
        tax_rate=Decimal(19),
        text="Muster",
    )


def add(rig: Rig, number: str, *rows: EntryLine, batch: str | None = None, **facts: Any) -> Entry:
    """A voucher with its booking, which waits or is in a batch."""
    kind = facts.pop("kind", Kind.INVOICE)
    said = voucher(line("100"), number=number, kind=kind, refers_to=facts.pop("refers_to", None))
    key = records.add_voucher(rig, number, "bookable", content=encode_voucher(said).decode())
    values = {"document_date": date(2026, 2, 27), "currency": "EUR", "party_name": "Muster GmbH", **facts}
    made = Entry(
        voucher=f"{kind.value}/x-{number}",
        revision="r1",
        kind="original",
        turn=1,
        **{"number": number, "lines": rows or (row("119"),), "because": (WHY,), **values},
    )
    put(rig, key, made, batch)
    return made


def put(rig: Rig, key: str, made: Entry, batch: str | None = None, revision: str = "r1") -> None:
    new: NewEntry = {
        "id": f"{key}-{made.kind}-{made.turn}",
        "voucher": key,
        "connection": NAME,
        "client": "29098-55003",
        "revision": revision,
        "kind": made.kind,
        "turn": made.turn,
        "period": "2026-02",
        "ledger": "receivable",
        "channel": "extf",
        "open_item": made.number,
        "content": encode(made).decode(),
        "mapping": "m1",
        "document": None,
        "reverses": None,
        "batch": batch,
        "created_at": rig.clock(),
    }
    with rig.application.database.write() as db:
        entries.insert_entries(db, [new])


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_rows_stand_there_as_a_file_takes_them_and_add_up(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1", row("119"), row("23.80", "8300"))
    add(rig, "R-2", row("-59.50"), kind=Kind.CREDIT_NOTE, refers_to="R-1")
    add(rig, "R-3", row("1000", "9956", "9955"), kind=Kind.COMMITMENT)
    page = visitor(rig, "auditor").page("preview")
    shown = text_of(page)
    assert "1 119,00 S 8400 Erlöse 19 % USt R-1 27.02. 10001" in shown
    assert "2 59,50 H 8400" in shown
    assert "Gutschrift zu Rechnung R-1" in shown
    for of in ("Diese Seite", "Ganze Auswahl"):
        assert f"{of} EUR 3 4 142,80 59,50 202,30 202,30 ✓ ausgeglichen" in shown


def test_bookings_are_filtered_by_what_they_are(rig: Rig) -> None:
    rig.connect()
    records.add_batch(rig, "done", "succeeded")
    records.add_batch(rig, "refused", "failed")
    add(rig, "R-1", party_name=HOSTILE[0])
    add(rig, "R-2", row("500", "8300"))
    add(rig, "R-3", batch="done")
    add(rig, "R-4", batch="refused")
    somebody = visitor(rig)
    found = {
        "": "R-1 R-2",
        "stand=accepted": "R-3",
        "stand=under_way": "",
        "stand=all": "R-1 R-2 R-3 R-4",
        "account=8300": "R-2",
        "account=10001&stand=accepted": "R-3",
        "text=%3CSCRIPT": "R-1",
        "amount=400..600": "R-2",
        "kind=payment": "",
        "period=2025": "",
        "period=nonsense": "",
    }
    for search, numbers in found.items():
        page = somebody.page(f"preview?{search}")
        assert " ".join(sorted(set(re.findall(r"<bdi>(R-\d)</bdi></a>", page)))) == numbers, search
    assert "abgelehnt" in somebody.page("preview?stand=all")


def test_many_bookings_have_pages_and_are_added_up_when_asked(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlconnector.flow.preview.decided.ADDED_UP", 50)
    rig.connect()
    for number in range(53):
        add(rig, f"R-{number:02}")
    somebody = visitor(rig)
    page = somebody.page("preview?page=2")
    assert "51–53 von 53" in page
    assert "(53 Buchungen)" in page
    assert "Diese Seite EUR 3 3 357,00" in text_of(page)
    assert "Ganze Auswahl EUR 53 53 6.307,00" in text_of(somebody.page("preview?sums=1"))
    assert "51–53 von 53" in somebody.page("preview?page=99")


def test_each_field_of_a_voucher_says_which_rule_gave_it(rig: Rig) -> None:
    rig.connect()
    made = add(rig, "R-1")
    put(rig, "key-R-1", reversed_entry(made, revision="r2", turn=1), revision="r2")
    put(rig, "key-R-1", msgspec.structs.replace(made, revision="r2", turn=2), revision="r2")
    page = text_of(visitor(rig).page("preview/voucher?voucher=key-R-1"))
    assert "Gegenkonto 8400 mapping.revenue: product_code = MONT" in page
    assert "Belegfeld 1 R-1 Nummer des Belegs in der Quelle" in page
    assert "10001 Muster GmbH 119,00\xa0EUR".replace("\xa0", " ") in page.replace("\xa0", " ")
    assert "1776 Umsatzsteuer 19 %" in page
    assert "Buchung 1: neu" in page
    assert "Buchung 2: Storno" in page
    assert "Buchung 3: Korrektur" in page
    assert "nimmt die frühere Buchung dieses Belegs zurück" in page
    assert "mapping.revenue: product_code" in visitor(rig, "auditor").page("preview?view=why")


def test_a_voucher_that_waits_is_tried_without_anything_being_kept(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.connect()
    key = records.add_voucher(rig, "R-1", "needs_human", records.MISSING, encode_voucher(voucher()).decode())
    rules = rig.application.services.rules(NAME)
    made = Entry(
        voucher="invoice/x-R-1",
        revision="r1",
        kind="original",
        turn=1,
        document_date=date(2026, 2, 27),
        number="R-1",
        currency="EUR",
        lines=(row("119"),),
    )
    now = [listed(Previewed("x-R-1", "R-1", voucher=voucher()), [made], rules)]
    monkeypatch.setattr("mlconnector.web.console.screens.preview.voucher.preview", lambda *_, **__: iter(now))
    somebody = visitor(rig)
    before = somebody.page(f"preview/voucher?voucher={key}")
    assert "Erlöskonto" in before
    assert "Zur Ausnahme" in before
    tried = somebody.post("preview/try", voucher=key)
    assert faults(tried.text) == []
    assert "So würde der Beleg jetzt gebucht." in tried.text
    assert "10001" in tried.text
    assert visitor(rig, "auditor").post("preview/try", voucher=key).status_code == 403
    assert "noch keine Buchung" in somebody.page(f"preview/voucher?voucher={key}")


def test_what_is_prepared_is_kept_from_being_booked_with_a_reason(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    somebody = visitor(rig)
    back = "/console/preview/voucher?voucher=key-R-1"
    assert "Nicht buchen lassen" in somebody.page(back.removeprefix("/console/"))
    given = {"connection": NAME, "voucher": "key-R-1", "back": back}
    asking = somebody.post("exceptions/ask-ignore", **given).text
    (seal,) = re.findall(r'name="seal" value="(\w+)"', asking)
    page = somebody.done("exceptions/ignore", **given, seal=seal, reason="Klärung")
    assert "Ausgelassene Belege: 1" in page
    assert "<h1>Beleg R-1</h1>" in page
    assert "Keine Buchung wartet" in somebody.page("preview")


def test_the_list_goes_along_with_the_columns_and_sheets_of_the_command(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1", party_name=HOSTILE[1])
    somebody = visitor(rig)
    taken = somebody.get("preview?as=csv").text.splitlines()
    assert (
        taken[0].lstrip("\ufeff").startswith("Nr;Umsatz;S/H;WKZ;Kurs;Basis-Umsatz;BU;Gegenkonto;Belegfeld 1")
    )
    assert taken[1].startswith("1;119,00;S;EUR;")
    assert "'=cmd|" in taken[1]
    book = openpyxl.load_workbook(io.BytesIO(somebody.get("preview?as=xlsx").content))
    assert len(book.sheetnames) == 4
    assert book.worksheets[0]["B2"].value == 119


def test_a_connection_is_released_as_it_was_shown_and_held_again(rig: Rig) -> None:
    rig.connect()
    with rig.application.database.write() as db:
        connections.withdraw_release(db, NAME)
    add(rig, "R-1")
    somebody = visitor(rig, "bookkeeper")
    assert "nichts geht zu DATEV" in somebody.page("preview")
    page = somebody.page(f"preview/release?connection={NAME}")
    assert "Februar 2026 Verkaufsbelege 1 1 119,00" in text_of(page)
    (seal,) = re.findall(r'name="seal" value="(\w+)"', page)
    add(rig, "R-2")
    changed = somebody.post("preview/release", connection=NAME, seal=seal)
    assert "hat sich geändert, was übergeben würde" in changed.text
    (seal,) = re.findall(r'name="seal" value="(\w+)"', changed.text)
    assert "ist freigegeben" in somebody.done("preview/release", connection=NAME, seal=seal)
    assert "von bookkeeper@example.com" in somebody.page("preview")
    assert "Übergabe anhalten" in somebody.page(f"preview/hold?connection={NAME}")
    assert "geht nichts mehr zu DATEV" in somebody.done("preview/hold", connection=NAME)
    with rig.application.database.read() as db:
        told = [(one.event, one.detail.get("by")) for one in audit.story(db, [NAME])]
    by = "bookkeeper@example.com"
    assert told[-2:] == [("released", by), ("release_withdrawn", by)]


def test_an_auditor_sees_the_release_and_has_no_button(rig: Rig) -> None:
    rig.connect()
    page = visitor(rig, "auditor").page(f"preview/release?connection={NAME}")
    assert "<form" not in page.partition("<main")[2]


def test_without_a_connection_and_without_bookings_it_says_what_would_be_here(rig: Rig) -> None:
    somebody = visitor(rig)
    assert "Dazu braucht es eine Verbindung" in somebody.page("preview")
    rig.connect()
    assert "Keine Buchung wartet auf die Übergabe." in somebody.page("preview")
    assert "Es gibt noch keine Buchung." in somebody.page("preview?stand=all")
