"""As what and where documents are filed: purchases never among outgoing invoices."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mlconnector.model.entries import Ledger
from mlconnector.systems.transfers import OutgoingDocument
from tests.systems.datev.rig import PDF, Rig

BOTH = {"document_type": "Rechnungsausgang", "incoming": {"document_type": "Rechnungseingang"}}


def outgoing(ledger: Ledger, text: str = "") -> OutgoingDocument:
    return OutgoingDocument(
        guid=uuid.uuid4(),
        file_name="Beleg.pdf",
        media_type="application/pdf",
        content=PDF + text.encode(),
        ledger=ledger,
        period="2026-11",
        attempted=False,
    )


def filed(rig: Rig, ledger: Ledger, **given: Any) -> tuple[str, str, str, str]:
    """Type, category, folder and register of a document with these settings."""
    rig.with_settings(**given).sink.file_document(outgoing(ledger))
    (found,) = rig.standin.documents.values()
    return found.document_type, found.category, found.folder, found.register


def test_a_sale_has_the_type_and_the_folder_of_outgoing_invoices(rig: Rig) -> None:
    place = ("Rechnungsausgang", "ml-connector", "Ausgangsrechnungen", "2026/11")
    assert filed(rig, "receivable", **BOTH) == place


def test_a_purchase_has_the_type_and_the_folder_of_incoming_ones(rig: Rig) -> None:
    place = ("Rechnungseingang", "ml-connector", "Eingangsrechnungen", "2026/11")
    assert filed(rig, "payable", **BOTH) == place


def test_a_purchase_goes_where_the_settings_have_purchases(rig: Rig) -> None:
    own = {"document_category": "Bau", "document_folder": "Nachunternehmer", "document_register": "Neu"}
    incoming = {"document_type": "Eingang Baustellen", **own}
    assert filed(rig, "payable", incoming=incoming) == ("Eingang Baustellen", "Bau", "Nachunternehmer", "Neu")


def test_a_sale_does_not_go_where_the_settings_have_purchases(rig: Rig) -> None:
    own = {"document_category": "Bau", "document_folder": "Nachunternehmer", "document_register": "Neu"}
    incoming = {"document_type": "Eingang Baustellen", **own}
    place = ("", "ml-connector", "Ausgangsrechnungen", "2026/11")
    assert filed(rig, "receivable", incoming=incoming) == place


def test_what_purchases_have_not_of_their_own_is_as_for_everything_but_the_folder(rig: Rig) -> None:
    general = {"document_category": "Bau", "document_folder": "Rechnungen", "document_register": "Alle"}
    place = ("Kasse", "Bau", "Eingangsrechnungen", "Alle")
    assert filed(rig, "payable", document_type="Kasse", **general) == place


@pytest.mark.parametrize(
    "given",
    [{"document_type": "Ausgang Projekte"}, {"incoming": {"document_type": "Rechnungsausgang"}}],
)
def test_a_purchase_is_filed_without_a_type_rather_than_under_one_for_outgoing_invoices(
    rig: Rig, given: dict[str, Any]
) -> None:
    assert filed(rig, "payable", **given)[0] == ""


def test_the_types_of_the_client_are_read_once_for_all_documents(rig: Rig) -> None:
    sink = rig.with_settings(**BOTH).sink
    for number in range(3):
        sink.file_document(outgoing("payable", f"{number}"))
    asked = [one for one in rig.wiring.log.exchanges if one.url.endswith("/document-types")]
    assert len(asked) == 1
    sink.client_facts()
    sink.file_document(outgoing("payable", "4"))
    assert len([one for one in rig.wiring.log.exchanges if one.url.endswith("/document-types")]) == 2


def test_without_purchases_nobody_asks_for_the_types(rig: Rig) -> None:
    rig.with_settings(**BOTH).sink.file_document(outgoing("receivable"))
    assert not [one for one in rig.wiring.log.exchanges if one.url.endswith("/document-types")]
