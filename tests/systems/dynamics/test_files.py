from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.vouchers import Attachment
from mlconnector.standins.dynamics import edits
from mlconnector.standins.faults import Fault
from mlconnector.systems.dynamics.client import shaped
from mlconnector.systems.dynamics.files import chosen
from mlconnector.systems.dynamics.settings import Documents
from mlconnector.systems.dynamics.shapes import Invoice, Note
from mlconnector.systems.source import Reading, Reference, Source
from tests.systems.dynamics.records import INVOICE, invoice
from tests.systems.dynamics.rig import DynamicsRig, dynamics_rig

TEMPLATE = "b898b750-cfc2-4c22-a703-f6909b586052"


def note(name: str | None, **values: Any) -> Note:
    given = {"annotationid": f"note-{name}", "filename": name, "mimetype": "application/pdf", **values}
    return Note(**given)


def among(notes: list[Note], raw: dict[str, Any] | None = None, **rule: Any) -> tuple[list[str], list[str]]:
    """Ids of attachments and keys of problems."""
    row = {**invoice(), **(raw or {})}
    attachments, problems = chosen(shaped(row, Invoice), row, notes, "INV/1", Documents.model_validate(rule))
    return [each.external_id for each in attachments], [each.key for each in problems]


class TestChoosing:
    def test_what_is_called_an_invoice_is_preferred(self) -> None:
        notes = [note("Plan.pdf"), note("Rechnung_1.pdf"), note("Foto.jpg")]
        assert among(notes) == (["note:note-Rechnung_1.pdf"], [])

    def test_a_single_file_may_have_any_name_but_that_of_another_paper(self) -> None:
        assert among([note("1234.pdf")])[0] == ["note:note-1234.pdf"]
        assert among([note("Angebot 12.pdf")]) == ([], ["document_missing"])

    def test_several_that_may_be_it_are_left_to_a_human(self) -> None:
        assert among([note("Rechnung a.pdf"), note("Rechnung b.pdf")]) == ([], ["document_ambiguous"])

    def test_a_picture_and_its_e_invoice_belong_together(self) -> None:
        notes = [note("Rechnung.xml", mimetype="text/xml"), note("Rechnung.pdf")]
        assert among(notes)[0] == ["note:note-Rechnung.pdf", "note:note-Rechnung.xml"]

    def test_a_name_without_ending_goes_by_its_kind(self) -> None:
        assert among([note("Rechnung 12")])[0] == ["note:note-Rechnung 12"]
        assert among([note("Rechnung 12", mimetype="image/png")])[0] == []

    def test_a_file_that_is_too_large_is_said_beforehand(self) -> None:
        assert among([note("Rechnung.pdf", filesize=21 * 1024 * 1024)])[1] == ["document_too_large"]

    def test_the_sources_are_asked_in_their_order(self) -> None:
        rule: dict[str, Any] = {"file_column": "new_pdf", "template": TEMPLATE}
        rule["sources"] = ["note", "file", "export"]
        in_column = {"new_pdf": "an-id", "new_pdf_name": "R1.pdf"}
        assert among([note("Rechnung.pdf")], in_column, **rule)[0] == ["note:note-Rechnung.pdf"]
        assert among([], in_column, **rule)[0] == [f"file:{INVOICE}/new_pdf"]
        assert among([], **rule)[0] == [f"export:{INVOICE}/{TEMPLATE}"]
        turned = {**rule, "sources": ["file", "note"]}
        assert among([note("Rechnung.pdf")], in_column, **turned)[0] == [f"file:{INVOICE}/new_pdf"]

    def test_an_exported_file_is_called_by_the_number(self) -> None:
        row = invoice()
        rule = Documents(sources=("export",), template=TEMPLATE)
        ((attachment,), _) = chosen(shaped(row, Invoice), row, [], "INV/1", rule)
        assert attachment == Attachment(
            external_id=f"export:{INVOICE}/{TEMPLATE}", file_name="INV_1.pdf", media_type="application/pdf"
        )

    def test_nothing_at_all_is_held_or_left_to_the_flow(self) -> None:
        assert among([]) == ([], ["document_missing"])
        assert among([], missing="render") == ([], [])


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    rule = {"sources": ["note", "file", "export"], "file_column": "new_file", "template": TEMPLATE}
    with dynamics_rig(records=5, settings={"documents": rule}) as rig:
        yield rig


@pytest.fixture
def source(rig: DynamicsRig) -> Source:
    return rig.open()


def first(rig: DynamicsRig, source: Source) -> Reading:
    return source.fetch([Reference(rig.standin.environment.invoice_id(1))])[0]


def attachment(reading: Reading) -> Attachment:
    assert reading.voucher is not None
    (found,) = reading.voucher.attachments
    return found


class TestDownloading:
    def test_without_note_and_file_the_template_is_filled_in(self, rig: DynamicsRig, source: Source) -> None:
        edits.remove_notes(rig.standin.environment, 1)
        found = attachment(first(rig, source))
        assert found.external_id.startswith("export:")
        assert source.download(found.external_id, 10_000_000) == rig.standin.exported(1)

    def test_the_file_of_a_column_is_fetched(self, rig: DynamicsRig, source: Source) -> None:
        edits.remove_notes(rig.standin.environment, 1)
        edits.put_file(rig.standin.environment, 1, "Rechnung.pdf", b"%PDF-1.7 from the column")
        found = attachment(first(rig, source))
        assert (found.file_name, found.external_id.partition(":")[0]) == ("Rechnung.pdf", "file")
        assert source.download(found.external_id, 100) == b"%PDF-1.7 from the column"

    @pytest.mark.parametrize(
        ("content", "limit", "key"), [(b"", 10, "document_empty"), (b"x" * 11, 10, "document_too_large")]
    )
    def test_empty_and_oversized_files_need_a_human(
        self, rig: DynamicsRig, source: Source, content: bytes, limit: int, key: str
    ) -> None:
        added = rig.standin.add_note(1, "Rechnung.pdf", content)
        with pytest.raises(NeedsHuman) as caught:
            source.download(f"note:{added['annotationid']}", limit)
        assert caught.value.problem.key == key

    def test_no_more_is_read_than_the_limit_allows(self, rig: DynamicsRig, source: Source) -> None:
        added = rig.standin.add_note(1, "Rechnung.pdf", b"x" * 1_000_000)
        with pytest.raises(NeedsHuman) as caught:
            source.download(f"note:{added['annotationid']}", 1000)
        assert caught.value.problem.key == "document_too_large"

    def test_a_note_that_was_deleted_needs_a_human(self, source: Source) -> None:
        with pytest.raises(NeedsHuman) as caught:
            source.download("note:00000000-1111-2222-3333-444444444444", 10)
        assert caught.value.problem.key == "document_gone"

    def test_an_id_of_somebody_else_is_refused(self, source: Source) -> None:
        with pytest.raises(Broken):
            source.download("4711", 10)

    def test_a_file_that_is_no_base64_is_a_broken_contract(self, rig: DynamicsRig, source: Source) -> None:
        rig.faults.add(Fault("status", path="ExportPdfDocument", status=200, body=b'{"PdfFile":"%%%"}'))
        with pytest.raises(Broken, match="base64"):
            source.download(f"export:{INVOICE}/{TEMPLATE}", 10)
