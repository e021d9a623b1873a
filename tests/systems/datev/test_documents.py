from __future__ import annotations

import re
import unicodedata
import uuid
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.formats.document_names import LARGEST, document_file_name
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev.documents import file_document
from tests.systems.datev.rig import MUSTERHOLZ, PDF, Rig, document
from tests.systems.wire import Wiring

PUT = "/accounting-documents/platform/v2/clients/.*/documents/"
ALLOWED = re.compile(r"[ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]{1,255}")


def fails(rig: Rig, **changes: Any) -> NeedsHuman:
    with pytest.raises(NeedsHuman) as raised:
        rig.file(document(**changes))
    return raised.value


def test_a_document_is_filed_under_our_guid_with_its_metadata(rig: Rig) -> None:
    assert rig.file(document()) == "filed"
    (filed,) = rig.standin.documents.values()
    assert (filed.client_id, filed.guid) == (MUSTERHOLZ, str(document().guid))
    assert filed.file_names == ("Rechnung RE-1.pdf",)
    assert (filed.document_type, filed.note) == ("Rechnungsausgang", "Müller GmbH")
    assert (filed.category, filed.folder, filed.register) == ("ml-connector", "Rechnungen", "2026/11")


def test_umlauts_in_name_and_metadata_arrive_composed(rig: Rig) -> None:
    decomposed = unicodedata.normalize("NFD", "Gebühr für Öl – Köln.pdf")
    note = unicodedata.normalize("NFD", "Überweisung")
    rig.file(document(file_name=decomposed, note=note))
    (filed,) = rig.standin.documents.values()
    assert filed.file_names == ("Gebühr für Öl _ Köln.pdf",)
    assert filed.note == "Überweisung"


def test_a_document_may_have_no_type_no_note_and_no_place(rig: Rig) -> None:
    bare = {"document_type": "", "note": "", "category": "", "folder": "", "register": ""}
    assert rig.file(document(**bare)) == "filed"


def test_the_same_guid_with_our_own_attempt_on_record_has_arrived(rig: Rig) -> None:
    rig.file(document())
    assert rig.file(document(attempted=True)) == "already_filed"
    assert len(rig.standin.documents) == 1


def test_the_same_guid_without_an_attempt_of_ours_is_a_conflict(rig: Rig) -> None:
    rig.file(document())
    problem = fails(rig).problem
    assert problem.cause == "document_conflict"
    assert problem.facts["file_name"] == "Rechnung RE-1.pdf"
    assert problem.facts["help"].endswith("DCO01012")
    assert problem.facts["request_id"]


def test_the_same_content_under_another_guid_is_a_duplicate(rig: Rig) -> None:
    rig.file(document())
    problem = fails(rig, guid=uuid.uuid4()).problem
    assert problem.key == "document_duplicate_content"
    assert problem.facts["code"] == "#DCO01253"


def test_after_a_lost_answer_the_document_is_found_to_have_arrived(rig: Rig) -> None:
    rig.standin.faults.add(Fault("lose_answer", method="PUT", path=PUT))
    assert rig.file(document()) == "already_filed"
    assert len(rig.standin.documents) == 1


def test_when_the_answer_is_lost_twice_the_flow_tries_again_later(rig: Rig) -> None:
    rig.standin.faults.add(Fault("lose_answer", method="PUT", path=PUT, times=2))
    with pytest.raises(RetryLater) as raised:
        rig.file(document())
    assert raised.value.outcome_unknown
    assert rig.file(document(attempted=True)) == "already_filed"


def test_an_answer_that_breaks_off_is_an_unknown_outcome(rig: Rig) -> None:
    rig.standin.faults.add(Fault("truncate", method="PUT", path=PUT))
    assert rig.file(document()) == "already_filed"


def test_an_internal_error_is_tried_once_more(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", method="PUT", path=PUT, status=500))
    assert rig.file(document()) == "filed"
    rig.standin.faults.add(Fault("status", method="PUT", path=PUT, status=500, times=2))
    assert fails(rig, guid=uuid.uuid4(), content=PDF + b" ").problem.key == "datev_internal_error"
    assert rig.standin.statistics.puts == 4


def test_a_service_that_is_not_available_is_not_pressed(rig: Rig) -> None:
    body = b'{"error":"#DCO01020","error_description":"restapi.ServiceNotAvailableFault"}'
    rig.standin.faults.add(Fault("status", method="PUT", path=PUT, status=400, body=body))
    with pytest.raises(RetryLater) as raised:
        rig.file(document())
    assert (raised.value.after, raised.value.outcome_unknown) == (60.0, False)
    assert rig.standin.statistics.puts == 1


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"document_type": "Rechnung"}, "document_type_unknown"),
        ({"document_type": "Lohnunterlagen"}, "document_type_personnel"),
        ({"file_name": "a.zip", "media_type": "application/zip"}, "document_file_type"),
        ({"content": b"GIF89a"}, "document_content_mismatch"),
        ({"content": b"%PDF-1.7 cut"}, "document_pdf_unreadable"),
    ],
)
def test_what_belege_online_refuses_needs_a_person(rig: Rig, changes: dict[str, Any], key: str) -> None:
    problem = fails(rig, **changes).problem
    assert problem.key == key
    assert problem.facts["document_type"] == document(**changes).document_type


def test_a_client_that_has_not_ordered_the_service_needs_the_adviser(rig: Rig) -> None:
    rig.standin.withdraw_service(MUSTERHOLZ, "Belegbilderservice")
    assert fails(rig).problem.cause == f"datev_right_missing:client={MUSTERHOLZ}"


def test_a_file_that_is_too_large_is_not_even_sent(rig: Rig) -> None:
    problem = fails(rig, content=b"x" * (LARGEST + 1)).problem
    assert problem.key == "document_too_large"
    assert problem.facts["size"] == str(LARGEST + 1)
    assert rig.standin.statistics.puts == 0


@pytest.mark.parametrize(
    "changes",
    [{"folder": ""}, {"category": "", "folder": ""}, {"note": "x" * 256}, {"register": "x" * 31}],
)
def test_metadata_that_datev_would_refuse_are_a_bug_of_ours(rig: Rig, changes: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        rig.file(document(**changes))
    assert rig.standin.statistics.puts == 0


def test_the_request_is_multipart_with_a_plain_utf8_file_name_and_json_metadata() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.read())
        return httpx.Response(201, json={})

    http = Wiring(transport=httpx.MockTransport(handle))("datev", "https://api.example/v2")
    file_document(http, MUSTERHOLZ, document(file_name="Gebühr.pdf", note=""))
    file, metadata = seen[0].split(b"\r\n--")[:2]
    assert 'Content-Disposition: form-data; name="file"; filename="Gebühr.pdf"\r\n'.encode() in file
    assert b"Content-Type: application/pdf\r\n\r\n" + PDF in file
    assert b"filename*" not in seen[0]
    assert (
        b'Content-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n'
        in metadata
    )
    assert metadata.endswith(
        b'{"document_type": "Rechnungsausgang", "category": "ml-connector", '
        b'"folder": "Rechnungen", "register": "2026/11"}'
    )


class TestFileName:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("Rechnung 1.pdf", "Rechnung 1.pdf"),
            ("Straße & Söhne (Kopie)+1.pdf", "Straße & Söhne (Kopie)+1.pdf"),
            ("a/b\\c:d*e?.pdf", "a_b_c_d_e_.pdf"),
            ('quoted "name".pdf', "quoted _name_.pdf"),
            ("2×3÷4.pdf", "2_3_4.pdf"),
            ("Łódź.pdf", "_ód_.pdf"),
            ("zeile\r\nzwei.pdf", "zeile__zwei.pdf"),
            ("A\u0308.pdf", "Ä.pdf"),
            ("  .pdf ", "Beleg.pdf"),
            ("", "Beleg"),
            ("...", "...".removesuffix(".") + "."),
            ("ohne Endung", "ohne Endung"),
            ("v1.this is no extension", "v1.this is no extension"),
        ],
    )
    def test_it_is_what_datev_would_make_of_it(self, name: str, kept: str) -> None:
        assert document_file_name(name) == kept

    def test_a_long_name_keeps_its_extension(self) -> None:
        kept = document_file_name("ä" * 300 + ".pdf")
        assert kept == "ä" * 251 + ".pdf"

    @given(st.text(max_size=400))
    def test_it_is_always_allowed_and_stays_as_it_is(self, name: str) -> None:
        kept = document_file_name(name)
        assert ALLOWED.fullmatch(kept)
        assert unicodedata.is_normalized("NFC", kept)
        assert document_file_name(kept) == kept
