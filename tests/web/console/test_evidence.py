"""The screen Nachweis: finding, stories, the trail and its proof, and the Verfahrensdokumentation."""

from __future__ import annotations

import json
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest

from mlconnector.flow.report import trail_export
from mlconnector.flow.report.story_lines import changed
from mlconnector.store import documents, vouchers
from mlconnector.store.audit import AuditEvent, append
from tests.web.console.rig import HOSTILE, fill, visitor
from tests.web.rig import NAME, Rig

GUID = "ba5edf95-6a61-5c07-b09f-c820627a2a84"
BECAUSE = {
    "field": "account",
    "value": "8400",
    "rule": "row_of_case",
    "facts": {"row": "3", "table": "mapping.revenue", "where.category": "Holz"},
}


@pytest.fixture
def filled(rig: Rig) -> Rig:
    """Vouchers in each state; one of them with a document, another revision and a booking."""
    fill(rig)
    now = rig.clock()
    with rig.application.database.write() as db:
        told = {"number": "R-settled", "party": {"name": "Müller & Söhne"}, "currency": "EUR"}
        said = json.dumps({**told, "stated_total": "119.00"}, ensure_ascii=False)
        later = now + timedelta(minutes=1)
        row: vouchers.NewRevision = {
            "voucher": "key-R-settled",
            "revision": "r2",
            "content": said,
            "received_at": later,
        }
        vouchers.insert_revisions(db, [row])
        again: vouchers.SeenAgain = {
            "id": "key-R-settled",
            "number": "R-settled",
            "document_date": date(2026, 2, 27),
            "revision": "r2",
            "state": "settled",
            "reason": "",
            "read_at": now,
            "changed_at": now,
        }
        vouchers.update_vouchers(db, [again])
        filed: documents.NewDocument = {
            "guid": GUID,
            "connection": NAME,
            "client": "29098-55003",
            "voucher": "key-R-settled",
            "revision": "r2",
            "attachment": "1",
            "file_name": "Rechnung_4711.pdf",
            "media_type": "application/pdf",
            "size": 2048,
            "sha256": "ab" * 32,
            "content": b"",
            "state": "filed",
            "changed_at": now,
        }
        documents.insert_documents(db, [filed])
        events = [
            AuditEvent(NAME, "key-R-settled", "changed", {"revision": "r2", "before": "r1"}),
            AuditEvent(NAME, "key-R-settled", "booked", {"because": [BECAUSE], "lines": ["119.00 EUR"]}),
        ]
        append(db, events, later)
    return rig


IN_HAND = (
    "text=r-SETTLED",
    "text=müller",
    "text=MÜLLER+%26+söhne",
    "text=x-R-settled",
    f"text={GUID.upper().replace('-', '')}",
    "text=rechnung_4711",
    "amount=119,00",
    "amount=100..120&period=2026-02",
    f"text=söhne&connection={NAME}",
)
NOT_MEANT = (
    "text=%25",
    "text=R_settled",
    "text=Müller.",
    "text=nobody",
    "text=müller&amount=1",
    "period=2025",
)


def test_a_voucher_is_found_by_whatever_somebody_has_in_hand(filled: Rig) -> None:
    somebody = visitor(filled)
    for query in (*IN_HAND, *NOT_MEANT):
        is_there = "evidence/voucher?key=key-R-settled" in somebody.page(f"evidence?{query}")
        assert is_there == (query in IN_HAND), query


def test_a_file_is_found_by_its_name(filled: Rig) -> None:
    page = visitor(filled).page("evidence?text=EXTF_pipedrive_2026-02_failed")
    assert "batches/batch?name=failed" in page
    assert "batches/batch?name=settled" not in page


def test_hostile_customers_are_found_and_shown_as_they_are(filled: Rig) -> None:
    somebody = visitor(filled)
    for number, name in enumerate(HOSTILE, 1):
        page = somebody.page(f"evidence?{urlencode({'text': name[:20]})}")
        assert f"evidence/voucher?key=key-R-{number}" in page


def test_what_is_no_amount_or_period_is_said_beside_its_field(filled: Rig) -> None:
    assert "„viel“ ist kein Betrag." in visitor(filled).page("evidence?amount=viel")
    assert "„Juli“ ist kein Zeitraum." in visitor(filled, name="another").page("evidence?period=Juli")


def test_a_story_goes_from_the_field_of_the_source_to_the_rule_of_each_field(filled: Rig) -> None:
    page = visitor(filled, "auditor").page("evidence/voucher?key=key-R-settled")
    assert (
        page.index("aus der Quelle gelesen")
        < page.index("in der Quelle geändert")
        < page.index("Buchungssatz")
    )
    assert "Geschäftspartner: Name" in page
    assert "Müller &amp; Söhne" in page
    assert "Zuordnung › Erlöse, Zeile 3: Warengruppe = Holz; Konto laut Vorschlag für den Steuerfall" in page
    assert f'href="/console/mapping/rows?connection={NAME}&amp;table=revenue"' in page
    assert GUID in page
    assert "Rechnung_4711.pdf" in page
    assert "batches/batch?name=settled" in page


def test_what_changed_between_revisions_is_told_field_by_field() -> None:
    before = {"number": "1", "lines": [{"text": "A"}], "gone": "x"}
    after = {"number": "1", "lines": [{"text": "B"}], "new": True}
    assert changed(before, after, "de") == [
        ("Position 1: Text", "A", "B"),
        ("gone", "x", ""),
        ("new", "", "ja"),
    ]


def test_the_trail_is_turned_over_by_days_and_taken_along(filled: Rig) -> None:
    somebody = visitor(filled, "auditor")
    page = somebody.page("evidence/trail?from=2026-03-02&to=2026-03-02")
    assert page.index("Buchungssatz gebildet") < page.index("aus der Quelle gelesen")
    assert 'evidence/voucher?key=key-R-settled"><bdi>R-settled' in page
    assert "ist nichts geschehen" in somebody.page("evidence/trail?to=2026-03-01")
    assert "<bdi>Benutzer " in somebody.page("evidence/trail")
    assert "„gestern“ ist kein Tag." in somebody.page("evidence/trail?from=gestern")
    taken = somebody.get("evidence/trail?as=csv").text
    assert "Buchungssatz gebildet" in taken


def test_the_trail_is_proved_and_its_export_proves_itself(filled: Rig) -> None:
    somebody = visitor(filled, "auditor")
    answer = somebody.post("evidence/trail")
    assert "lückenlos und unverändert" in answer.text
    exported = somebody.get("evidence/trail?as=export").text.splitlines(keepends=True)
    assert json.loads(exported[0])["whole"] is True
    assert trail_export.verify(exported).ok
    assert not trail_export.verify([line.replace("119.00 EUR", "911.00 EUR") for line in exported]).ok
    assert not trail_export.verify(exported[:-1]).ok


def test_a_broken_trail_is_said_to_be_broken(filled: Rig) -> None:
    somebody = visitor(filled, "auditor")
    somebody.page("evidence")
    with filled.application.database.write() as db:
        db.exec_driver_sql("update audit_head set seal = 'another'")
    assert "gebrochen" in somebody.post("evidence/trail").text
    assert json.loads(somebody.get("evidence/trail?as=export").text.splitlines()[0])["whole"] is False


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_procedure_says_what_is_set_up_and_leaves_blanks(filled: Rig, language: str) -> None:
    visitor(filled, "auditor", name="pruefer@example.com")
    page = visitor(filled, language=language).page("evidence/procedure")
    assert "ml-connector 0." in page
    assert NAME in page
    assert "29098-55003" in page
    assert "8400" in page
    assert "pruefer@example.com" in page
    assert page.count('class="blank"') > 10
    for secret in ("standin-secret", "a-long-token-of-the-api", "a-key-that-nobody-guesses"):
        assert secret not in page


def test_the_procedure_of_an_empty_installation_says_so(rig: Rig) -> None:
    assert "Es ist keine Verbindung eingerichtet." in visitor(rig).page("evidence/procedure")
