from __future__ import annotations

from typing import Any

import pytest

from mlconnector.formats.document_names import LARGEST
from mlconnector.systems.pipedrive.files import chosen
from mlconnector.systems.pipedrive.settings import Documents
from mlconnector.systems.pipedrive.shapes import File


def files(*names: str, **values: Any) -> list[File]:
    return [File(id=number, name=name, **values) for number, name in enumerate(names, start=1)]


def names_of(given: list[File], **rule: Any) -> list[str]:
    attachments, problems = chosen(given, Documents(**rule), "Dach")
    assert problems == []
    return [attachment.file_name for attachment in attachments]


def problem_of(given: list[File], **rule: Any) -> str:
    _, (problem,) = chosen(given, Documents(**rule), "Dach")
    return problem.key


@pytest.mark.parametrize(
    "name",
    ["Rechnung_17.pdf", "INVOICE 17.PDF", "RE-2026-0001.pdf", "Rg 17.pdf", "Gutschrift.xml", "2026_RE17.pdf"],
)
def test_a_file_named_like_an_invoice_is_chosen(name: str) -> None:
    assert names_of(files("Dokument.pdf", name, "Foto.jpg")) == [name]


def test_a_single_pdf_is_the_invoice_whatever_its_name() -> None:
    assert names_of(files("Foto.jpg", "Dokument.pdf")) == ["Dokument.pdf"]


def test_a_quote_is_never_the_invoice() -> None:
    assert names_of(files("Angebot_17.pdf", "Dokument.pdf")) == ["Dokument.pdf"]
    assert names_of(files("Angebot_17.pdf")) == []


def test_a_name_that_matches_wins_over_one_that_is_ignored() -> None:
    assert names_of(files("Vertragsrechnung.pdf")) == ["Vertragsrechnung.pdf"]


def test_several_candidates_are_left_to_a_human() -> None:
    attachments, (problem,) = chosen(files("Rechnung 1.pdf", "Rechnung 2.pdf"), Documents(), "Dach")
    assert attachments == ()
    assert problem.key == "document_ambiguous"
    assert problem.facts == {"title": "Dach", "files": "Rechnung 1.pdf, Rechnung 2.pdf"}


def test_a_pdf_and_an_xml_invoice_belong_together() -> None:
    assert names_of(files("Rechnung 1.xml", "Foto.jpg", "Rechnung 1.pdf")) == [
        "Rechnung 1.pdf",
        "Rechnung 1.xml",
    ]
    assert problem_of(files("Rechnung 1.xml", "Rechnung 1.pdf", "Rechnung 2.pdf")) == "document_ambiguous"


def test_no_file_is_rendered_or_held_as_configured() -> None:
    assert names_of([]) == []
    assert names_of(files("Foto.jpg")) == []
    assert problem_of([], missing="hold") == "document_missing"


def test_deleted_files_and_signature_pictures_do_not_count() -> None:
    assert names_of(files("Rechnung 1.pdf", active_flag=False)) == []
    assert names_of(files("Rechnung 1.pdf", inline_flag=True)) == []


def test_an_invoice_of_a_type_that_datev_does_not_take_is_said() -> None:
    assert problem_of(files("Rechnung 17.zip")) == "document_type_forbidden"
    assert problem_of(files("Rechnung 17.docx", "Angebot.pdf")) == "document_type_forbidden"


def test_an_invoice_in_a_cloud_drive_is_said() -> None:
    assert problem_of(files("Rechnung 17.pdf", remote_location="googledrive")) == "document_remote"
    assert names_of(files("Rechnung 17.pdf", remote_location="s3")) == ["Rechnung 17.pdf"]


def test_a_file_that_says_it_is_too_large_is_a_problem_before_it_is_loaded() -> None:
    assert problem_of(files("Rechnung.pdf", file_size=LARGEST + 1)) == "document_too_large"
    assert names_of(files("Rechnung.pdf", file_size=LARGEST)) == ["Rechnung.pdf"]


def test_the_patterns_can_be_ones_own() -> None:
    assert names_of(files("Beleg.pdf", "Rechnung.pdf"), pattern="^Beleg") == ["Beleg.pdf"]


def test_the_name_that_users_gave_counts_not_the_stored_one() -> None:
    (attachment,), _ = chosen(
        [File(id=5, name="Rechnung.pdf", file_name="x_9f.pdf", file_size=7)], Documents(), ""
    )
    assert (attachment.external_id, attachment.file_name) == ("5", "Rechnung.pdf")
    assert (attachment.media_type, attachment.size) == ("application/pdf", 7)
