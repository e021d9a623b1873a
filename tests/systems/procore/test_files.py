"""Files of bills and costs, and Procore's own print of a bill without one; each test names its case."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.source import Source
from tests.systems.procore.looking import alter, held_by, reading, voucher
from tests.systems.procore.rig import ProcoreRig, Row, name_of, of_case, procore_rig

pytestmark = pytest.mark.xdist_group("procore-files")

PRINT = {"documents": {"missing": "print"}}
ENOUGH = 10_000_000


def files(rig: ProcoreRig, record: Row) -> list[Attachment]:
    return list(voucher(rig, record).attachments)


def first_file(rig: ProcoreRig, record: Row) -> tuple[Source, str]:
    return rig.open(), files(rig, record)[0].external_id


class TestStorage:
    def test_the_token_and_the_company_stay_with_procore_when_it_leads_elsewhere(
        self, shared: ProcoreRig
    ) -> None:
        source, file = first_file(shared, of_case(shared.standin, "tax_19"))
        assert source.download(file, ENOUGH) == shared.attachment(file)
        assert shared.standin.leaks == []

    def test_an_address_is_asked_for_anew_when_the_file_is_read(self, rig: ProcoreRig) -> None:
        source, file = first_file(rig, of_case(rig.standin, "tax_19"))
        for _ in range(2):
            assert source.download(file, ENOUGH) == rig.attachment(file)
            rig.outside.time.pass_by(3_600)

    def test_an_address_on_a_foreign_host_gets_nothing_of_ours(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        source, file = first_file(rig, record)
        elsewhere = rig.url.replace("127.0.0.1", "localhost")
        assert elsewhere != rig.url

        def moved(row: Row) -> None:
            row["attachments"][0]["url"] = f"{elsewhere}/storage/{file.rpartition('/')[2]}/bill.pdf"

        alter(rig, r"/requisitions/\d+$", moved)
        with pytest.raises(NeedsHuman):
            source.download(file, ENOUGH)
        assert rig.standin.leaks == []

    def test_a_file_that_is_too_large_is_told(self, rig: ProcoreRig) -> None:
        source, file = first_file(rig, of_case(rig.standin, "large_file"))
        rig.standin.enlarge_file(int(file.rpartition("/")[2]), 25_000_000)
        with pytest.raises(NeedsHuman) as caught:
            source.download(file, 20_000_000)
        assert caught.value.problem.key == "document_too_large"

    def test_a_file_that_somebody_detached_is_told(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        source, file = first_file(rig, record)
        rig.standin.remove_attachments(record["id"])
        with pytest.raises(NeedsHuman) as caught:
            source.download(file, ENOUGH)
        assert caught.value.problem.key == "document_gone"


class TestChoice:
    def test_a_photo_beside_the_invoice_is_not_the_invoice(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "two_files")
        assert len(shared.standin.attachments(record["id"])) == 2
        assert [one.media_type for one in files(shared, record)] == ["application/pdf"]

    def test_an_e_invoice_is_kept_beside_its_picture(self, shared: ProcoreRig) -> None:
        found = files(shared, of_case(shared.standin, "xml_beside_pdf"))
        assert [one.media_type for one in found] == ["application/pdf", "application/xml"]

    def test_two_invoices_are_one_too_many(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        rig.standin.add_attachment(record["id"], "Rechnung_2.pdf", b"%PDF-1.7")
        assert held_by(rig, record) == ["document_ambiguous"]

    def test_without_a_file_a_record_waits(self) -> None:
        with procore_rig(settings={"documents": {"missing": "hold"}}) as rig:
            assert held_by(rig, of_case(rig.standin, "no_attachment")) == ["document_missing"]


class TestPrint:
    def bill(self, rig: ProcoreRig) -> tuple[Source, str]:
        """A bill without a file, and the print in its place."""
        record = of_case(rig.standin, "tax_19")
        rig.standin.remove_attachments(record["id"])
        (found,) = files(rig, record)
        assert found.file_name.startswith("Procore-Ausdruck")
        assert found.external_id == f"{name_of(record)}/print"
        return rig.open(), found.external_id

    def test_it_is_begun_once_and_waited_for_and_nobody_gets_an_e_mail(self) -> None:
        with procore_rig(settings=PRINT) as rig:
            rig.standin.printing.seconds = 30.0
            source, file = self.bill(rig)
            for _ in range(2):
                with pytest.raises(RetryLater) as caught:
                    source.download(file, ENOUGH)
                assert caught.value.after == 5.0
            rig.outside.time.pass_by(60)
            assert rig.open().download(file, ENOUGH).startswith(b"%PDF")
            assert len(rig.standin.printing.jobs) == 1
            assert rig.standin.mailed == []
            assert rig.standin.leaks == []

    def test_one_that_fails_is_told_and_begun_anew_by_the_next_attempt(self) -> None:
        with procore_rig(settings=PRINT) as rig:
            source, file = self.bill(rig)
            rig.standin.printing.fails = True
            with pytest.raises(RetryLater):
                source.download(file, ENOUGH)
            with pytest.raises(NeedsHuman) as caught:
                source.download(file, ENOUGH)
            assert caught.value.problem.key == "document_gone"
            rig.standin.printing.fails = False
            with pytest.raises(RetryLater):
                source.download(file, ENOUGH)
            assert source.download(file, ENOUGH)
            assert len(rig.standin.printing.jobs) == 2

    def test_one_that_procore_has_forgotten_is_begun_anew(self) -> None:
        with procore_rig(settings=PRINT) as rig:
            source, file = self.bill(rig)
            with pytest.raises(RetryLater):
                source.download(file, ENOUGH)
            rig.standin.printing.jobs.clear()
            with pytest.raises(NeedsHuman):
                source.download(file, ENOUGH)
            with pytest.raises(RetryLater):
                source.download(file, ENOUGH)
            assert source.download(file, ENOUGH)

    def test_a_direct_cost_cannot_be_printed_and_waits(self) -> None:
        with procore_rig(settings=PRINT) as rig:
            assert held_by(rig, of_case(rig.standin, "no_attachment")) == ["document_missing"]

    def test_a_bill_with_a_file_is_not_printed(self) -> None:
        with procore_rig(settings=PRINT) as rig:
            found = reading(rig, of_case(rig.standin, "tax_19")).voucher
            assert found is not None
            assert not found.attachments[0].external_id.endswith("/print")
