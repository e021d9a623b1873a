"""Reading: the XML of an e-invoice becomes an EInvoice; factur-x knows the paths of each syntax."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import facturx
from lxml import etree

from mlconnector.formats.einvoice.dates import with_plain_days
from mlconnector.formats.einvoice.invoice import EInvoice, VatGroup
from mlconnector.formats.einvoice.recognition import CII, UBL_CREDIT_NOTE, UBL_INVOICE, Unreadable
from mlconnector.model.entries import Because

FLAVOURS = {CII: "factur-x", UBL_INVOICE: "ubl-2.1-invoice", UBL_CREDIT_NOTE: "ubl-2.1-creditnote"}

_UBL = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_LINES = (f"{_RAM}IncludedSupplyChainTradeLineItem", f"{_UBL}InvoiceLine", f"{_UBL}CreditNoteLine")


def read(root: etree._Element) -> tuple[EInvoice, tuple[Because, ...]]:
    """The invoice, and notes on what it says more than once. Raises Unreadable with what is missing."""
    flavour = FLAVOURS[root.tag]
    try:
        # The level only decides which fields are looked at; all of ours belong to EN 16931.
        found = facturx.parse_ubl_cii_xml(_head(root), flavor=flavour, level="en16931", check_xsd=False)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    notes: list[Because] = []
    seller, buyer = found.get("BG-4") or {}, found.get("BG-7") or {}
    invoice = EInvoice(
        syntax="cii" if root.tag == CII else "ubl",
        profile=_text(found, "BT-24"),
        number=_text(found, "BT-1"),
        type_code=_text(found, "BT-3"),
        issue_date=_required_day(found, "BT-2"),
        currency=_text(found, "BT-5"),
        seller_names=_names(seller),
        buyer_names=_names(buyer),
        seller_vat_id=_any_text(seller, "vat_identifier"),
        buyer_vat_id=_any_text(buyer, "vat_identifier"),
        seller_country=_any_text(seller, "country_code"),
        buyer_country=_any_text(buyer, "country_code"),
        delivery_date=_day(found, "BT-72", notes),
        due_date=_day(found, "BT-9", notes),
        vat=tuple(_group(each) for each in found.get("BG-23") or ()),
        net=_amount(found, "BT-109"),
        tax=_amount(found, "BT-110") if "BT-110" in found else None,
        gross=_amount(found, "BT-112"),
        prepaid=_amount(found, "BT-113") if "BT-113" in found else None,
        payable=_amount(found, "BT-115"),
        preceding=tuple(number for each in found.get("BG-3") or () for number in _all(each.get("BT-25"))),
        tax_currency=_text(found, "BT-6") if "BT-6" in found else "",
        accounting_tax=_amount(found, "BT-111") if "BT-111" in found else None,
    )
    return invoice, tuple(notes)


def _head(root: etree._Element) -> etree._Element:
    """The invoice without its lines, of which nothing is read; ten thousand would take half a minute."""
    head = with_plain_days(root)
    for line in list(head.iter(*_LINES)):
        parent = line.getparent()
        if parent is not None:
            parent.remove(line)
    return head


def _all(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _one(found: Mapping[str, Any], term: str) -> Any:
    values = list(dict.fromkeys(_all(found.get(term))))
    if len(values) != 1:
        raise Unreadable(f"{term} stands there {len(values)} times" if values else f"{term} is missing")
    return values[0]


def _text(found: Mapping[str, Any], term: str) -> str:
    return str(_one(found, term))


def _names(party: Mapping[str, Any]) -> tuple[str, ...]:
    """Name and trading name (BT-27 and BT-28, BT-44 and BT-45)."""
    return tuple(str(name) for field in ("name", "biz_name") for name in _all(party.get(field)))


def _any_text(party: Mapping[str, Any], field: str) -> str:
    return ", ".join(str(value) for value in _all(party.get(field)))


def _required_day(found: Mapping[str, Any], term: str) -> date:
    value = _one(found, term)
    if not isinstance(value, date):
        raise Unreadable(f"{term} is no date: {value}")
    return value


def _day(found: Mapping[str, Any], term: str, notes: list[Because]) -> date | None:
    days = sorted(set(_all(found.get(term))))
    if len(days) > 1:
        facts = {"term": term, "days": ", ".join(str(day) for day in days)}
        notes.append(Because("document", "", "einvoice_several_days", facts))
    return days[0] if len(days) == 1 else None


def _amount(found: Mapping[str, Any], term: str) -> Decimal:
    return _number(_one(found, term), term)


def _number(value: Any, term: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Unreadable(f"{term} is no number: {value}") from error
    if not number.is_finite():
        raise Unreadable(f"{term} is no number: {value}")
    return number


def _group(found: Mapping[str, Any]) -> VatGroup:
    rate = found.get("BT-119")
    return VatGroup(
        category=_text(found, "BT-118"),
        rate=None if rate is None else _number(rate, "BT-119"),
        base=_amount(found, "BT-116") if "BT-116" in found else Decimal(0),
        tax=_amount(found, "BT-117") if "BT-117" in found else Decimal(0),
        reason=_text(found, "BT-121").upper() if "BT-121" in found else "",
    )
