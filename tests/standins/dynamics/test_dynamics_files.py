from __future__ import annotations

import base64
import io
import json
from typing import Any

import pikepdf
import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.dynamics import DynamicsStandIn, create
from tests.standins.dynamics.conftest import Api, refused

PDF = b"%PDF-1.7 of somebody"


def notes_of(api: Api, invoice_id: str) -> list[dict[str, Any]]:
    condition = f"_objectid_value eq {invoice_id} and isdocument eq true"
    return api.rows(
        f"annotations?$select=filename,mimetype,filesize,documentbody&$filter={condition}&$orderby=filename"
    )


def test_the_pdf_of_an_invoice_is_in_a_note(api: Api, standin: DynamicsStandIn) -> None:
    (note,) = notes_of(api, standin.invoice(1)["invoiceid"])
    content = base64.b64decode(note["documentbody"], validate=True)
    assert content == standin.note_content(note["annotationid"])
    assert (note["mimetype"], note["filesize"]) == ("application/pdf", len(content))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert len(document.pages) == 1
    raw = api.get(f"annotations({note['annotationid']})/documentbody/$value")
    assert raw.text == note["documentbody"]


def test_papers_are_the_same_on_every_run(standin: DynamicsStandIn, records: int) -> None:
    other = create(Options(records=records))
    notes = standin.environment.rows["annotation"]
    papers = [identity for identity, note in notes.items() if note["isdocument"]]
    assert papers
    for identity in papers:
        assert standin.note_content(identity) == other.note_content(identity)


def test_a_paper_does_not_follow_later_changes(standin: DynamicsStandIn) -> None:
    (note,) = standin.environment.children("annotation", "objectid", standin.invoice(1)["invoiceid"])
    before = standin.note_content(note["annotationid"])
    standin.change_line(1, 0, quantity=99)
    assert standin.note_content(note["annotationid"]) == before


def test_some_invoices_are_e_invoices(api: Api, standin: DynamicsStandIn) -> None:
    place = next(n for n, label in enumerate(standin.labels().values(), 1) if label.paper == "einvoice")
    (note,) = notes_of(api, standin.invoice(place)["invoiceid"])
    with pikepdf.open(io.BytesIO(base64.b64decode(note["documentbody"]))) as document:
        xml = document.attachments["factur-x.xml"].get_file().read_bytes().decode()
    assert standin.invoice(place)["invoicenumber"] in xml
    assert f"<ram:GrandTotalAmount>{standin.invoice(place)['totalamount']}<" in xml


def test_a_damaged_paper_ends_in_its_middle(standin: DynamicsStandIn) -> None:
    place = next(n for n, label in enumerate(standin.labels().values(), 1) if label.paper == "damaged")
    (note,) = standin.environment.children("annotation", "objectid", standin.invoice(place)["invoiceid"])
    assert b"%%EOF" in standin.exported(place)
    assert b"%%EOF" not in standin.note_content(note["annotationid"])


def test_a_note_can_be_one_among_others(api: Api, standin: DynamicsStandIn) -> None:
    place = next(
        n for n, label in enumerate(standin.labels().values(), 1) if label.paper == "note_among_others"
    )
    identity = standin.invoice(place)["invoiceid"]
    assert [note["mimetype"] for note in notes_of(api, identity)] == ["image/jpeg", "application/pdf"]
    assert len(api.rows(f"annotations?$filter=_objectid_value eq {identity}")) == 3
    assert len(api.rows(f"invoices({identity})/Invoice_Annotation?$select=subject")) == 3


def test_the_file_column_gives_its_bytes_whole_or_in_parts(api: Api, standin: DynamicsStandIn) -> None:
    place = next(n for n, label in enumerate(standin.labels().values(), 1) if label.paper == "file")
    identity = standin.invoice(place)["invoiceid"]
    row = api.get(f"invoices({identity})?$select=new_file,new_file_name").json()
    assert row["new_file_name"].endswith(".pdf")
    answer = api.get(f"invoices({identity})/new_file/$value")
    assert answer.content == standin.file_content(place)
    assert answer.headers["content-type"] == "application/octet-stream"
    part = api.get(f"invoices({identity})/new_file/$value", Range="bytes=5-9")
    assert (part.status_code, part.content) == (206, answer.content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(answer.content)}"


def test_an_empty_file_column_has_no_content(api: Api, standin: DynamicsStandIn) -> None:
    identity = standin.invoice(1)["invoiceid"]
    assert api.get(f"invoices({identity})?$select=new_file").json()["new_file"] is None
    assert api.get(f"invoices({identity})/new_file/$value").status_code == 204


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_template_makes_a_pdf_of_the_invoice_as_it_stands(
    api: Api, standin: DynamicsStandIn, quote: str
) -> None:
    before = exported(api, standin, quote)
    assert before == standin.exported(1)
    standin.change_line(1, 0, quantity=99)
    assert exported(api, standin, quote) != before


def exported(api: Api, standin: DynamicsStandIn, quote: str = '"') -> bytes:
    answer = api.send("POST", "ExportPdfDocument", body(standin, quote))
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["PdfFile"], validate=True)


def body(standin: DynamicsStandIn, quote: str = '"') -> dict[str, Any]:
    return {
        "EntityTypeCode": 1090,
        "SelectedTemplate": {
            "@odata.type": "Microsoft.Dynamics.CRM.documenttemplate",
            "documenttemplateid": standin.template_id,
        },
        "SelectedRecords": f"[{quote}{{{standin.invoice(1)['invoiceid']}}}{quote}]",
    }


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"EntityTypeCode": 1088}, 400),
        ({"SelectedRecords": json.dumps(["{00000000-0000-0000-0000-000000000001}"])}, 404),
        ({"SelectedRecords": "nothing"}, 400),
        ({"SelectedTemplate": {"documenttemplateid": "00000000-0000-0000-0000-000000000001"}}, 404),
        ({"SelectedTemplate": None}, 400),
    ],
)
def test_a_wrong_export_is_refused(
    api: Api, standin: DynamicsStandIn, wrong: dict[str, Any], status: int
) -> None:
    assert refused(api.send("POST", "ExportPdfDocument", body(standin) | wrong))[0] == status


def test_a_template_of_another_table_is_refused(api: Api, standin: DynamicsStandIn) -> None:
    rows = api.rows("documenttemplates?$select=associatedentitytypecode,documenttype")
    other = next(row for row in rows if row["associatedentitytypecode"] == "salesorder")
    wrong = {"SelectedTemplate": {"documenttemplateid": other["documenttemplateid"]}}
    assert refused(api.send("POST", "ExportPdfDocument", body(standin) | wrong))[0] == 400


def test_files_can_be_added(api: Api, standin: DynamicsStandIn) -> None:
    standin.add_note(16, "Rechnung.pdf", PDF)
    (note,) = notes_of(api, standin.invoice(16)["invoiceid"])
    assert base64.b64decode(note["documentbody"]) == PDF
    standin.put_file(16, "Rechnung 2.pdf", PDF + b"2")
    identity = standin.invoice(16)["invoiceid"]
    assert api.get(f"invoices({identity})/new_file/$value").content == PDF + b"2"
    standin.remove_notes(16)
    assert notes_of(api, identity) == []
