"""E-invoices are filed as they came, checked, and held against the voucher that is booked."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pikepdf
import pytest

from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.flow.decide.documents.einvoices import rules_steps
from mlconnector.flow.decide.documents.examiner import Examiner, NotExamined, examiner
from mlconnector.flow.decide.documents.notes import known_notes
from mlconnector.flow.preview.preview import preview
from mlconnector.formats.document_names import LARGEST
from mlconnector.formats.einvoice.cii import cii_xml
from mlconnector.formats.einvoice.own_invoice import Invoice, invoice_of
from mlconnector.formats.einvoice.zugferd import zugferd
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Attachment, Voucher
from mlconnector.settings import UnreadableSettings
from mlconnector.standins.pipedrive.pdf import document
from mlconnector.store import vouchers
from mlconnector.systems.source import Reference
from mlconnector.texts.catalogue import explain, reason
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, EU_BUSINESS, MIXED_RATES, Rig
from tests.formats.einvoice.builders import SELLER, VOUCHER

PICTURE = document(["Rechnung", "nur ein Bild"])
SELLER_TABLE = """
[documents.seller]
name = "Musterholz GmbH"
street = "Sägewerkstraße 1"
postal_code = "90402"
city = "Nürnberg"
vat_id = "DE136695976"
iban = "DE02120300000000202051"
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def voucher(rig: Rig, deal: int = DOMESTIC) -> Voucher:
    """The voucher of a deal, as it stands in the source."""
    (reading,) = rig.services.source(rig.name).fetch([Reference(str(deal))])
    assert reading.voucher is not None
    return reading.voucher


def invoice(rig: Rig, deal: int = DOMESTIC, **facts: Any) -> Invoice:
    """The invoice that belongs to a deal, or one that differs in some facts."""
    of = msgspec.structs.replace(voucher(rig, deal), **facts)
    cases = [f"domestic_{line.tax_rate}" for line in of.lines]
    made = invoice_of(of, totals(of.lines, of.currency).gross, cases, SELLER)
    assert isinstance(made, Invoice), made
    return made


def hybrid(of: Invoice) -> bytes:
    made = zugferd(of)
    assert made is not None
    return made


def attach(rig: Rig, *files: tuple[str, bytes], deal: int = DOMESTIC) -> None:
    rig.pipedrive.account.files[deal] = []
    for name, content in files:
        rig.pipedrive.add_file(deal, name, content)


def documents_table(rig: Rig, table: str) -> None:
    rig.connect(f"{rig.text}\n[documents]\n{table}\n")


def problem(rig: Rig, deal: int = DOMESTIC) -> Problem:
    """The one problem that a deal's voucher waits for."""
    with rig.app.database.read() as db:
        ((found,),) = vouchers.problems_of(db, [rig.key(deal)], "mapping").values()
    return found


def told(found: Problem) -> dict[str, str]:
    """What a problem says happened, by language."""
    return {
        "de": explain(found.key, found.facts, "de").what,
        "en": explain(found.key, found.facts, "en").what,
    }


def why(rig: Rig, deal: int = DOMESTIC) -> list[tuple[str, str]]:
    """What the audit trail says of the documents of a deal's booking: file and sentence."""
    booked = [event for event in rig.story(rig.key(deal)) if event.event == "booked"]
    return [
        (one["value"], reason(one["rule"], one.get("facts", {}), "en"))
        for event in booked
        for one in event.detail["because"]
        if one["field"] == "document"
    ]


CORE = "urn:cen.eu:en16931:2017"


class TestFiling:
    def test_a_zugferd_invoice_is_filed_byte_for_byte_and_linked(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        original = hybrid(invoice(rig))
        attach(rig, ("Rechnung.pdf", original))
        rig.work()
        (filed,) = rig.outside.documents()
        assert (filed.file_names, filed.sha256) == (("Rechnung.pdf",), sha256(original))
        assert {row.document for row in rig.outside.rows()} == {filed.guid}
        said = f"ZUGFeRD invoice (CII, {CORE}), checked against its schema; it says what is booked"
        assert why(rig) == [("Rechnung.pdf", said)]

    def test_an_xml_invoice_is_filed_byte_for_byte_and_linked(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        original = cii_xml(invoice(rig))
        attach(rig, ("Rechnung.xml", original))
        rig.work()
        (filed,) = rig.outside.documents()
        assert (filed.file_names, filed.sha256) == (("Rechnung.xml",), sha256(original))
        assert {row.document for row in rig.outside.rows()} == {filed.guid}

    def test_a_misnamed_invoice_gets_the_ending_of_its_content(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        original = cii_xml(invoice(rig))
        attach(rig, ("Rechnung.pdf", original))
        rig.work()
        (filed,) = rig.outside.documents()
        assert (filed.file_names, filed.sha256) == (("Rechnung.pdf.xml",), sha256(original))
        assert ("Rechnung.pdf.xml", "renamed by its content; in the source: Rechnung.pdf") in why(rig)

    def test_of_picture_and_xml_both_are_filed_and_the_picture_is_linked(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(1)
        xml = cii_xml(invoice(rig))
        attach(rig, ("Rechnung.xml", xml), ("Rechnung.pdf", PICTURE))
        rig.work()
        filed = {one.sha256: one for one in rig.outside.documents()}
        assert set(filed) == {sha256(xml), sha256(PICTURE)}
        assert {row.document for row in rig.outside.rows()} == {filed[sha256(PICTURE)].guid}
        assert rig.kept_documents() == []

    def test_a_hybrid_is_linked_and_filed_with_the_xml_beside_it(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        made = invoice(rig)
        attach(rig, ("Rechnung.pdf", hybrid(made)), ("Rechnung.xml", cii_xml(made)))
        rig.work()
        assert len(rig.outside.documents()) == 2
        linked = {row.document for row in rig.outside.rows()}
        assert {one.guid for one in rig.outside.documents() if one.file_names == ("Rechnung.pdf",)} == linked

    def test_xml_that_is_no_invoice_is_not_filed_beside_the_picture_and_that_is_noted(
        self, make_rig: MakeRig
    ) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.pdf", PICTURE), ("Rechnung.xml", b"<export/>"))
        rig.work()
        assert [one.sha256 for one in rig.outside.documents()] == [sha256(PICTURE)]
        assert why(rig) == [("Rechnung.xml", "not filed: the document of this voucher is Rechnung.pdf")]

    def test_a_batch_waits_for_the_document_beside_the_linked_one_too(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(2)
        rig.date(DOMESTIC, MIXED_RATES)
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))), ("Rechnung.pdf", PICTURE))
        rig.prepare()
        rig.refuse_next_document()
        rig.transfer()
        assert rig.states() == {"needs_human": 1, "settled": 1}
        rig.replay()
        rig.work()
        assert rig.states() == {"settled": 2}
        assert len(rig.outside.documents()) == 3
        assert rig.kept_documents() == []

    def test_a_second_run_files_nothing_again(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))), ("Rechnung.pdf", PICTURE))
        rig.work()
        rig.pipedrive.change_deal(DOMESTIC, title="anderer Titel")
        rig.work()
        assert len(rig.outside.documents()) == 2

    def test_a_client_that_takes_no_xml_gets_a_problem_with_the_way_out(
        self, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))))
        facts = replace(rig.services.client_facts(rig.name), allowed_extensions=(".pdf", ".jpg"))
        monkeypatch.setattr(rig.services, "client_facts", lambda _: facts)
        rig.work()
        assert rig.causes() == ["einvoice_not_taken:allowed=jpg, pdf"]
        assert rig.outside.documents() == []

    def test_a_large_document_is_noted_before_and_after_it_was_fetched(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.pdf", document(["Rechnung"], 600 * 1024)))
        (note,) = known_notes(voucher(rig))
        assert (note.value, note.rule) == ("Rechnung.pdf", "document_large")
        rig.work()
        assert rig.states() == {"settled": 1}
        assert why(rig) == [("Rechnung.pdf", reason(note.rule, note.facts, "en"))]

    def test_the_preview_shows_the_note_on_a_large_document(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.pdf", document(["Rechnung"], 600 * 1024)))
        (shown,) = preview(rig.context, 1)
        assert "document_large" in [one.rule for one in shown.because]

    def test_a_pdf_with_a_password_is_held_as_that(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        made = io.BytesIO()
        with pikepdf.open(io.BytesIO(hybrid(invoice(rig)))) as opened:
            opened.save(made, encryption=pikepdf.Encryption(owner="other", user="geheim"))
        attach(rig, ("Rechnung.pdf", made.getvalue()))
        rig.work()
        assert rig.causes() == ["document_encrypted"]

    def test_a_document_above_20_mb_is_refused(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.pdf", document(["Rechnung"], LARGEST + 1)))
        rig.work()
        assert rig.causes() == ["document_too_large"]

    def test_small_documents_are_not_worth_a_note(self) -> None:
        small = Attachment(external_id="1", file_name="a.pdf", media_type="application/pdf", size=1000)
        unknown = Attachment(external_id="2", file_name="b.pdf", media_type="application/pdf")
        assert known_notes(msgspec.structs.replace(VOUCHER, attachments=(small, unknown))) == ()


class TestComparing:
    def test_what_differs_is_shown_side_by_side(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        of = voucher(rig)
        more = (*of.lines, msgspec.structs.replace(of.lines[0], amount=Decimal(100)))
        attach(rig, ("Rechnung.pdf", hybrid(invoice(rig, number="RE-2026-99999", lines=more))))
        rig.work()
        found = problem(rig)
        assert rig.states() == {"needs_human": 1}
        assert found.key == "einvoice_differs"
        assert (found.facts["number_voucher"], found.facts["number_einvoice"]) == (of.number, "RE-2026-99999")
        ours, theirs = Decimal(found.facts["gross_voucher"]), Decimal(found.facts["gross_einvoice"])
        assert ours == rig.outside.gross(DOMESTIC)
        assert theirs > ours
        assert found.facts["date_voucher"] == found.facts["date_einvoice"] == ""
        assert rig.outside.documents() == []

    def changed(self, rig: Rig, was: bytes, is_now: bytes, **facts: Any) -> None:
        """Attach the deal's invoice with other words in it."""
        made = cii_xml(invoice(rig, **facts))
        assert was in made
        attach(rig, ("Rechnung.xml", made.replace(was, is_now)))
        rig.work()

    def test_another_tax_category_is_shown_beside_the_tax_case(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        self.changed(
            rig, b"<ram:CategoryCode>S</ram:CategoryCode>", b"<ram:CategoryCode>Z</ram:CategoryCode>"
        )
        found = problem(rig)
        assert found.cause == "einvoice_other_tax:tax_case=domestic_19,category=Z"
        words = told(found)
        gross = f"{rig.outside.gross(DOMESTIC):,.2f}"
        assert f"Booking: tax case domestic_19, 19 %, gross {gross}." in words["en"]
        assert f"E-invoice: Z, zero rate, 19 %, gross {gross}." in words["en"]
        assert "Buchung: Steuerfall domestic_19, 19 %, brutto" in words["de"]
        assert "E-Rechnung: Z, Nullsteuersatz, 19 %, brutto" in words["de"]

    def test_what_was_paid_in_advance_is_a_matter_of_its_own(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        prepaid = b"<ram:TotalPrepaidAmount>1.00</ram:TotalPrepaidAmount><ram:DuePayableAmount>"
        self.changed(rig, b"<ram:DuePayableAmount>", prepaid)
        found = problem(rig)
        assert (found.key, found.facts["prepaid"]) == ("einvoice_down_payment", "1.00")
        assert rig.outside.documents() == []

    def test_another_amount_due_is_a_difference(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        gross = f"{rig.outside.gross(DOMESTIC):.2f}".encode()
        due = b"<ram:DuePayableAmount>%s</ram:DuePayableAmount>"
        self.changed(rig, due % gross, due % b"1.00")
        assert (problem(rig).key, problem(rig).facts["payable_einvoice"]) == ("einvoice_differs", "1")

    def test_every_side_of_a_difference_is_told_in_both_languages(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        self.changed(rig, b"<ram:TypeCode>380</ram:TypeCode>", b"<ram:TypeCode>384</ram:TypeCode>")
        found = problem(rig)
        words = told(found)
        assert "Art: Beleg Rechnung, E-Rechnung berichtigte Rechnung (Code 384)." in words["de"]
        assert "type: document invoice, e-invoice corrected invoice (code 384)." in words["en"]

    def test_a_sale_is_ours_where_the_settings_say_who_we_are(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, SELLER_TABLE.partition("\n")[2].replace("DE136695976", "DE129273398"))
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))))
        rig.work()
        assert problem(rig).facts["own_settings"] == "Musterholz GmbH (DE129273398)"
        assert problem(rig).facts["own_einvoice"] == "Musterholz GmbH (DE136695976)"

    def test_two_different_invoices_in_one_pdf_are_held(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        content = io.BytesIO()
        with pikepdf.open(io.BytesIO(hybrid(invoice(rig)))) as opened:
            opened.attachments["other.xml"] = cii_xml(invoice(rig, number="RE-X"))
            opened.save(content)
        attach(rig, ("Rechnung.pdf", content.getvalue()))
        rig.work()
        assert rig.causes() == ["einvoice_several"]
        assert "other.xml: RE-X" in problem(rig).facts["invoices"]

    def test_after_the_fix_in_the_source_it_goes_on(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.pdf", hybrid(invoice(rig, number="RE-2026-99999"))))
        rig.work()
        assert rig.causes() == ["einvoice_differs"]
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-99999"})
        rig.work()
        assert rig.states() == {"settled": 1}

    def test_the_xml_beside_a_picture_is_compared(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("RE.xml", cii_xml(invoice(rig, number="RE-X"))), ("RE.pdf", PICTURE))
        rig.work()
        assert rig.causes() == ["einvoice_differs"]


class TestChecking:
    def test_an_invoice_that_breaks_its_schema_holds_the_voucher(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        broken = cii_xml(invoice(rig)).replace(b"<ram:TypeCode>380</ram:TypeCode>", b"<ram:Type/>")
        attach(rig, ("Rechnung.xml", broken))
        rig.work()
        found = problem(rig)
        assert found.key == "einvoice_invalid"
        assert found.facts["findings"].startswith("XSD: Element 'Type': This element is not expected")

    def without_country(self, rig: Rig) -> bytes:
        """An invoice that does not say where its buyer is; all that is compared is right."""
        made = cii_xml(invoice(rig))
        begin = made.index(b"<ram:CountryID>", made.index(b"<ram:BuyerTradeParty>"))
        end = made.index(b"</ram:CountryID>", begin) + len(b"</ram:CountryID>")
        return made[:begin] + made[end:]

    def test_broken_rules_hold_the_voucher_where_the_rules_are_wanted(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, "en16931 = true")
        attach(rig, ("Rechnung.xml", self.without_country(rig)))
        rig.work()
        found = problem(rig)
        assert (found.key, found.facts["count"]) == ("einvoice_invalid", "1")
        assert found.facts["findings"].startswith("BR-11: The Buyer postal address shall contain")

    def test_broken_rules_are_only_noted_where_that_is_wanted(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, 'en16931 = true\nen16931_findings = "note"')
        attach(rig, ("Rechnung.xml", self.without_country(rig)))
        rig.work()
        assert rig.states() == {"settled": 1}
        assert any("breaks rules of EN 16931: BR-11" in sentence for _, sentence in why(rig))

    def test_a_good_invoice_goes_on_and_the_trail_says_what_was_checked(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, "en16931 = true")
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))))
        rig.work()
        ((_, said),) = why(rig)
        assert said.startswith(f"XML invoice (CII, {CORE}), checked against schema and rules of EN 16931")

    def test_the_schema_alone_does_not_see_broken_rules(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        attach(rig, ("Rechnung.xml", self.without_country(rig)))
        rig.work()
        assert rig.states() == {"settled": 1}

    def test_where_the_rules_are_missing_an_invoice_waits(
        self, make_rig: MakeRig, without_saxon: Examiner
    ) -> None:
        rig = make_rig(2)
        documents_table(rig, "en16931 = true")
        attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))))
        rig.work()
        assert rig.causes() == ["einvoice_rules_missing"]
        assert rig.states() == {"needs_human": 1, "settled": 1}, "a plain PDF needs no rules"

    def test_the_ping_says_whether_the_rules_are_there(self, without_saxon: Examiner) -> None:
        (step,) = rules_steps(DocumentRules(en16931=True))
        assert (step.outcome, step.cause, step.who) == ("failed", "einvoice_rules_missing", "it")
        assert "saxonche" in step.facts["reason"]

    def test_the_ping_names_the_version_that_applies_the_rules(self) -> None:
        (step,) = rules_steps(DocumentRules(en16931=True))
        assert step.outcome == "ok"
        assert "Saxon" in step.facts["version"]

    def test_the_ping_says_nothing_where_no_rules_are_wanted(self) -> None:
        assert list(rules_steps(DocumentRules())) == []


@pytest.fixture
def without_saxon(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An examiner in whose process saxonche cannot be loaded."""
    folder = tmp_path_factory.mktemp("missing")
    (folder / "saxonche.py").write_text("raise ImportError('No module named saxonche')\n")
    sources = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), sources))))
    examiner().close()
    yield examiner()
    examiner().close()


class TestTheExaminer:
    def test_a_file_that_takes_too_long_ends_its_process_only(self) -> None:
        slow = Examiner(seconds=0.01)
        with pytest.raises(NotExamined, match=r"no end after 0\.01 seconds"):
            slow.check("a.pdf", "", PICTURE, ["pdf"], rules=False)
        slow._seconds = 60.0
        assert slow.check("a.pdf", "", PICTURE, ["pdf"], rules=False)[1] is None
        slow.close()

    def test_a_process_that_dies_says_why_and_is_started_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one = Examiner()
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(NotExamined, match="it ended"):
            one.check("a.pdf", "", PICTURE, ["pdf"], rules=False)
        monkeypatch.undo()
        assert one.check("a.pdf", "", PICTURE, ["pdf"], rules=False)[1] is None
        one.close()

    def test_it_does_not_get_our_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLCONNECTOR_MASTER_KEY", "secret")
        one = Examiner()
        one.check("a.pdf", "", PICTURE, ["pdf"], rules=False)
        assert one._process is not None
        assert b"MLCONNECTOR" not in Path(f"/proc/{one._process.pid}/environ").read_bytes()
        one.close()

    def test_a_voucher_whose_file_cannot_be_examined_waits(
        self, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = make_rig(1)

        def fails(*_: Any, **__: Any) -> None:
            raise NotExamined("no end after 60 seconds")

        monkeypatch.setattr(examiner(), "check", fails)
        rig.work()
        assert rig.causes() == ["document_not_examined"]


class TestWithoutAFile:
    def without(self, rig: Rig, deal: int = DOMESTIC) -> None:
        attach(rig, deal=deal)
        rig.pipedrive.change_deal(deal)

    def test_it_is_held_where_the_connection_says_so(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, 'missing = "hold"')
        self.without(rig)
        rig.work()
        assert rig.causes() == ["document_missing"]

    def test_it_gets_a_zugferd_invoice_where_the_connection_says_so(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, f'missing = "invoice"\nen16931 = true\n{SELLER_TABLE}')
        self.without(rig)
        rig.work()
        (filed,) = rig.outside.documents()
        assert filed.file_names == ("Rechnung RE-2026-00001.pdf",)
        assert {row.document for row in rig.outside.rows()} == {filed.guid}
        assert [sentence.partition(":")[0] for _, sentence in why(rig)] == ["no file in the source"]

    def test_a_repetition_makes_the_same_invoice(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        documents_table(rig, f'missing = "invoice"\n{SELLER_TABLE}')
        self.without(rig)
        rig.prepare()
        (first,) = rig.kept_documents()
        assert examiner().check("a.pdf", "", first, ["pdf"], rules=True)[2].applied
        rig.refuse_next_document()
        rig.transfer()
        rig.replay()
        rig.prepare()
        assert rig.kept_documents() == [first]

    def test_it_gets_a_buchungsbeleg_and_a_note_where_something_is_missing(self, make_rig: MakeRig) -> None:
        rig = make_rig(EU_BUSINESS)
        documents_table(rig, f'missing = "invoice"\n{SELLER_TABLE}')
        self.without(rig)
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Leistungsdatum": None})
        rig.work()
        names = [name for one in rig.outside.documents() for name in one.file_names]
        assert "Buchungsbeleg RE-2026-00001.pdf" in names
        said = "a Buchungsbeleg (booking document) instead of an invoice; missing: a date of supply"
        assert why(rig) == [("", said)]

    def test_it_gets_a_buchungsbeleg_where_nothing_is_said(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        self.without(rig)
        rig.work()
        assert rig.outside.documents()[0].file_names == ("Buchungsbeleg RE-2026-00001.pdf",)
        assert why(rig) == []


class TestTheSettings:
    def test_invoices_need_a_seller(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        with pytest.raises(UnreadableSettings, match=r"documents\.seller"):
            documents_table(rig, 'missing = "invoice"')

    def test_a_wrong_entry_is_named(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        with pytest.raises(UnreadableSettings, match="en16931_findings"):
            documents_table(rig, 'en16931_findings = "ignore"')
