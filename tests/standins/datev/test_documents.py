from __future__ import annotations

import hashlib
import json
import unicodedata
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.datev.documents import Document
from tests.standins.datev.support import (
    DOCUMENTS,
    MUSTERHOLZ,
    PDF,
    PNG,
    TESTHOLZ,
    metadata_part,
    put_document,
)

GUID = "9e290b5c-cdf4-58c3-a935-b260ca54fcff"
PLACE = {"category": "Rechnungen", "folder": "ml-connector", "register": "2026/11"}


def error_of(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_description"].startswith("restapi.")
    code: str = answer.json()["error"]
    return code


def only(standin: DatevStandIn) -> Document:
    [document] = standin.documents.values()
    return document


def test_a_document_is_kept_with_its_metadata(
    standin: DatevStandIn, api: httpx.Client, tmp_path: Path
) -> None:
    answer = put_document(
        api, guid=GUID.upper(), metadata={"document_type": "Rechnungsausgang", "note": "für Müller", **PLACE}
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "files": [{"name": "Rechnung.pdf", "size": str(len(PDF))}],
        "document_type": "Rechnungsausgang",
        "note": "für Müller",
    }
    folder = tmp_path / "received" / MUSTERHOLZ / "documents" / GUID
    kept = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert (folder / "Rechnung.pdf").read_bytes() == PDF
    assert kept | PLACE == kept
    assert (kept["guid"], kept["document_type"], kept["size"]) == (GUID, "Rechnungsausgang", len(PDF))
    assert kept["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert kept["received_at"].endswith("+00:00")
    assert standin.documents.keys() == {(MUSTERHOLZ, GUID)}


def test_metadata_may_be_left_out_or_empty(api: httpx.Client) -> None:
    assert put_document(api).json().keys() == {"files"}
    assert put_document(api, name="b.pdf", metadata={"document_type": "", "note": ""}).json().keys() == {
        "files"
    }


def test_metadata_may_come_as_a_plain_form_field(api: httpx.Client) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/{uuid.uuid4()}"
    files = {"file": ("a.pdf", PDF, "application/pdf")}
    answer = api.put(path, files=files, data={"metadata": '{"document_type":"Kasse"}'})
    assert answer.json()["document_type"] == "Kasse"


def test_the_same_guid_again_is_a_conflict_even_with_the_same_bytes(api: httpx.Client) -> None:
    assert put_document(api, guid=GUID).status_code == 201
    answer = put_document(api, guid=GUID)
    assert answer.status_code == 409
    assert (answer.json()["error"], answer.json()["error_description"]) == (
        "#DCO01012",
        "restapi.KeyConflictFault",
    )


def test_a_guid_belongs_to_one_client(api: httpx.Client) -> None:
    assert put_document(api, guid=GUID).status_code == 201
    assert put_document(api, guid=GUID, client="29098-55006").status_code == 201


def test_the_same_file_under_another_guid_is_a_duplicate(api: httpx.Client) -> None:
    assert put_document(api).status_code == 201
    assert error_of(put_document(api)) == "#DCO01253"
    assert put_document(api, name="other.pdf").status_code == 201
    assert put_document(api, metadata={"document_type": "Kasse"}).status_code == 201
    assert put_document(api, content=PDF + b"\n").status_code == 201


@pytest.mark.parametrize("guid", ["1", GUID.replace("-", ""), f"{{{GUID}}}", GUID.replace("-a935", "-c935")])
def test_a_document_id_must_be_a_guid(api: httpx.Client, guid: str) -> None:
    assert error_of(put_document(api, guid=guid)) == "#DCO01234"


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"document_type": "Rechnung"}, "#DCO01010"),
        ({"document_type": "rechnungsausgang"}, "#DCO01010"),
        ({"document_type": "Lohnunterlagen"}, "#DCO01300"),
        ({"document_type": "x" * 31}, "#DCO01227"),
        ({"note": "x" * 256}, "#DCO01223"),
        ({**PLACE, "category": "x" * 31}, "#DCO01224"),
        ({**PLACE, "folder": "x" * 31}, "#DCO01225"),
        ({**PLACE, "register": "x" * 31}, "#DCO01226"),
        ({"category": "Rechnungen"}, "#DCO01017"),
        ({**PLACE, "register": ""}, "#DCO01017"),
        ({"documentType": "Kasse"}, "#DCO01217"),
        ({"note": 1}, "#DCO01217"),
        ({"note": None}, "#DCO01217"),
        ({"note": unicodedata.normalize("NFD", "für")}, "#DCO01217"),
    ],
)
def test_metadata_is_refused(api: httpx.Client, metadata: dict[str, Any], code: str) -> None:
    assert error_of(put_document(api, metadata=metadata)) == code


def test_metadata_at_its_longest_is_taken(api: httpx.Client) -> None:
    levels = dict.fromkeys(PLACE, "x" * 30)
    assert put_document(api, metadata={"note": "x" * 255, **levels}).status_code == 201


@pytest.mark.parametrize(
    "part",
    [
        (None, b"{", "application/json"),
        (None, b"[]", "application/json"),
        (None, '{"note":"ü"}'.encode("cp1252"), "application/json"),
        (None, b"{}", "text/plain"),
    ],
)
def test_metadata_must_be_a_json_object(api: httpx.Client, part: tuple[None, bytes, str]) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/{GUID}"
    files = [("file", ("a.pdf", PDF, "application/pdf")), ("metadata", part)]
    assert error_of(api.put(path, files=files)) == "#DCO01217"


@pytest.mark.parametrize(
    ("custom", "status"),
    [
        ({"sequence_first_guid": GUID, "sequence_position": 3}, 201),
        ({"sequence_first_guid": "x", "sequence_position": 3}, 400),
        ({"sequence_first_guid": GUID, "sequence_position": "3"}, 400),
        ({"sequence_first_guid": GUID}, 400),
    ],
)
def test_custom_metadata_puts_documents_in_order(
    api: httpx.Client, custom: dict[str, Any], status: int
) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/{GUID}"
    part = (None, json.dumps(custom).encode(), "application/json")
    answer = api.put(path, files=[("file", ("a.pdf", PDF, "application/pdf")), ("custom_metadata", part)])
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (("a.zip", b"PK\x03\x04", "application/zip"), "#DCO01015"),
        (("a", PDF, "application/pdf"), "#DCO01015"),
        (("a.pdf", PNG, "application/pdf"), "#DCO01219"),
        (("a.png", PDF, "image/png"), "#DCO01219"),
        (("a.pdf", PDF, "application/octet-stream"), "#DCO01219"),
        (("a.xml", b"{}", "application/xml"), "#DCO01219"),
        (("a.pdf", b"no pdf %%EOF", "application/pdf"), "#DCO01245"),
        (("a.pdf", b"%PDF-1.7 cut short", "application/pdf"), "#DCO01245"),
        (("a.pdf", b"", "application/pdf"), "#DCO01245"),
        (("a.pdf", PDF + b" " * (20 * 1024 * 1024), "application/pdf"), "#DCO01016"),
        (("x" * 252 + ".pdf", PDF, "application/pdf"), "#DCO01222"),
    ],
)
def test_a_file_is_refused(api: httpx.Client, file: tuple[str, bytes, str], code: str) -> None:
    name, content, media_type = file
    assert error_of(put_document(api, name=name, content=content, media_type=media_type)) == code


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.tif", b"II*\x00", "image/tiff"),
        ("a.xml", b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text/xml; charset=utf-8"),
        ("a.csv", b"a;b", "text/csv"),
        ("ü" * 251 + ".pdf", PDF, "application/pdf"),
    ],
)
def test_a_file_is_taken(api: httpx.Client, name: str, content: bytes, media_type: str) -> None:
    assert put_document(api, name=name, content=content, media_type=media_type).status_code == 201


def test_the_new_belege_online_takes_fewer_types_and_has_codes_of_its_own(api: httpx.Client) -> None:
    assert error_of(put_document(api, client=TESTHOLZ, name="a.csv", content=b"a")) == "#DCO01215"
    large = PDF + b" " * (20 * 1024 * 1024)
    assert error_of(put_document(api, client=TESTHOLZ, content=large)) == "#DCO01216"
    old, new = (
        api.get(f"{DOCUMENTS}/clients/{client}/duo-version").json() for client in (MUSTERHOLZ, TESTHOLZ)
    )
    assert "csv" in old["allowed_file_extensions"]
    assert new["allowed_file_extensions"] == ["gif", "jpeg", "jpg", "pdf", "png", "tif", "tiff", "xml"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Rechnung Müller & Söhne (1)+2.pdf", "Rechnung Müller & Söhne (1)+2.pdf"),
        ("a/b\\c:d*e×f÷g€.pdf", "a_b_c_d_e_f_g_.pdf"),
        (unicodedata.normalize("NFD", "für.pdf"), "fu_r.pdf"),
        ("../../a.pdf", ".._.._a.pdf"),
    ],
)
def test_the_server_replaces_what_it_does_not_allow_in_names(
    standin: DatevStandIn, api: httpx.Client, sent: str, kept: str
) -> None:
    answer = put_document(api, name=sent)
    assert answer.json()["files"][0]["name"] == kept
    assert only(standin).file_names == (kept,)


def multipart(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def raw_part(disposition: str, media_type: str | None = "application/pdf", content: bytes = PDF) -> bytes:
    kind = f"\r\nContent-Type: {media_type}" if media_type else ""
    return f"Content-Disposition: {disposition}{kind}\r\n\r\n".encode() + content


FILE = raw_part('form-data; name="file"; filename="a.pdf"')


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "#DCO01004"),
        (multipart(), "#DCO01004"),
        (multipart(FILE, end=b""), "#DCO01004"),
        (multipart(FILE)[:-30], "#DCO01004"),
        (multipart(FILE, FILE), "#DCO01004"),
        (multipart(FILE, raw_part('form-data; name="other"', None, b"x")), "#DCO01004"),
        (multipart(b"Content-Disposition: form-data\r\n\r\nx"), "#DCO01004"),
        (multipart(raw_part('form-data; name="metadata"', None, b"{}")), "#DCO01220"),
        (multipart(raw_part('form-data; name="file"')), "#DCO01252"),
        (multipart(raw_part("form-data; name=\"file\"; filename*=UTF-8''a.pdf")), "#DCO01252"),
        (multipart(raw_part('form-data; name="file"; filename=""')), "#DCO01233"),
        (multipart(raw_part('form-data; name="file"; filename="a.pdf"', None)), "#DCO01018"),
    ],
)
def test_a_multipart_body_is_refused(api: httpx.Client, body: bytes, code: str) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/{GUID}"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert error_of(api.put(path, content=body, headers=headers)) == code


def test_a_body_that_is_not_multipart_is_refused(api: httpx.Client) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/{GUID}"
    for content_type in ("application/pdf", "multipart/form-data"):
        answer = api.put(path, content=multipart(FILE), headers={"Content-Type": content_type})
        assert error_of(answer) == "#DCO01004"


def test_nothing_refused_is_kept(standin: DatevStandIn, api: httpx.Client, tmp_path: Path) -> None:
    put_document(api, name="a.zip")
    put_document(api, metadata={"document_type": "unknown"})
    assert standin.documents == {}
    assert not (tmp_path / "received").exists()


def test_post_lets_the_server_assign_the_id(standin: DatevStandIn, api: httpx.Client) -> None:
    files = [("file", ("a.pdf", PDF, "application/pdf")), metadata_part({"document_type": "Kasse"})]
    answer = api.post(f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents", files=files)
    assert answer.status_code == 201
    assert answer.json()["id"].lower() == only(standin).guid


def staple(api: httpx.Client, *files: tuple[str, bytes, str]) -> httpx.Response:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/stapled"
    return api.put(path, files=[("files", file) for file in files] or [metadata_part({})])


def test_files_are_stapled_in_their_order(standin: DatevStandIn, api: httpx.Client, tmp_path: Path) -> None:
    answer = staple(api, ("b.pdf", PDF, "application/pdf"), ("a.png", PNG, "image/png"))
    assert answer.status_code == 201
    assert [file["name"] for file in answer.json()["files"]] == ["b.pdf", "a.png"]
    assert answer.json()["id"] == answer.json()["files"][0]["id"]
    assert "-" not in answer.json()["id"]
    assert only(standin).file_names == ("b.pdf", "a.png")
    folder = tmp_path / "received" / MUSTERHOLZ / "documents" / only(standin).guid
    assert (folder / "a.png").read_bytes() == PNG


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "#DCO01220"),
        ([(f"{number}.pdf", PDF, "application/pdf") for number in range(11)], "#DCO01232"),
        ([(f"{number}.pdf", PDF, "application/pdf") for number in range(51)], "#DCO01127"),
        ([("a.xml", b"<a/>", "application/xml")], "#DCO01248"),
        ([("a.txt", b"a", "text/plain")], "#DCO01251"),
        ([("a.pdf", PDF + b"/Encrypt", "application/pdf")], "#DCO01247"),
        ([("a.pdf", PDF + b"/ByteRange", "application/pdf")], "#DCO01246"),
        ([("a.pdf", PDF + b"pdfaid:part", "application/pdf")], "#DCO01249"),
        ([("a.pdf", PDF + b"pdfaid:part factur-x.xml", "application/pdf")], "#DCO01250"),
    ],
)
def test_files_cannot_be_stapled(api: httpx.Client, files: list[tuple[str, bytes, str]], code: str) -> None:
    assert error_of(staple(api, *files)) == code


def test_document_types_are_those_of_the_client(api: httpx.Client) -> None:
    types = api.get(f"{DOCUMENTS}/clients/{MUSTERHOLZ}/document-types").json()
    categories = [kind["category"] for kind in types]
    assert categories.count("outgoing_invoices") > 1
    assert categories.count("invoices_received") > 1
    assert types[0] == {
        "name": "Rechnungseingang",
        "category": "invoices_received",
        "debit_credit_identifier": "debit",
    }
    assert (
        error_of(put_document(api, client=TESTHOLZ, metadata={"document_type": "Rechnungsausgang"}))
        == "#DCO01010"
    )


def test_documents_need_the_belegbilderservice(standin: DatevStandIn, api: httpx.Client) -> None:
    answer = put_document(api, client="455148-2")
    assert (answer.status_code, answer.json().keys()) == (403, {"request_id"})
    standin.order_service("455148-2", "Belegbilderservice")
    assert put_document(api, client="455148-2").status_code == 201
