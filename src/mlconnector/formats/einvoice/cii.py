"""CII: the XML of an invoice in the profile EN 16931 of ZUGFeRD 2, elements in the order of the schema."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lxml import etree

from mlconnector.formats.einvoice.own_invoice import INVOICE, Invoice, InvoiceLine, VatTotal
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.model.money import ZERO, exact
from mlconnector.model.vouchers import Party

PROFILE = "urn:cen.eu:en16931:2017"
_BASE = "urn:un:unece:uncefact:data:standard:"
_NAMESPACES = {
    "rsm": f"{_BASE}CrossIndustryInvoice:100",
    "ram": f"{_BASE}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_BASE}UnqualifiedDataType:100",
    "qdt": f"{_BASE}QualifiedDataType:100",
}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# UN/ECE Rec. 20 "one": what a source counts in is not known here.
_UNIT = "C62"
# UNTDID 4461: SEPA credit transfer.
_TRANSFER = "58"


def cii_xml(invoice: Invoice) -> bytes:
    """The invoice as XML; the same invoice always gives the same bytes."""
    root = etree.Element(_name("rsm:CrossIndustryInvoice"), nsmap=_NAMESPACES)
    context = _in(root, "rsm:ExchangedDocumentContext")
    _in(_in(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", PROFILE)
    document = _in(root, "rsm:ExchangedDocument")
    _in(document, "ram:ID", invoice.number)
    _in(document, "ram:TypeCode", invoice.type_code)
    _day(document, "ram:IssueDateTime", invoice.stated.document_date)
    if invoice.stated.title:
        _in(_in(document, "ram:IncludedNote"), "ram:Content", invoice.stated.title)
    trade = _in(root, "rsm:SupplyChainTradeTransaction")
    for position, line in enumerate(invoice.lines, start=1):
        _line(trade, position, line)
    agreement = _in(trade, "ram:ApplicableHeaderTradeAgreement")
    _seller(_in(agreement, "ram:SellerTradeParty"), invoice.seller, invoice.notice)
    _buyer(_in(agreement, "ram:BuyerTradeParty"), invoice.buyer)
    _delivery(_in(trade, "ram:ApplicableHeaderTradeDelivery"), invoice)
    _settlement(_in(trade, "ram:ApplicableHeaderTradeSettlement"), invoice)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _name(short: str) -> str:
    prefix, _, local = short.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _in(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _name(name), attributes)
    if text:
        element.text = _NOT_IN_XML.sub(" ", text)
    return element


def _any(parent: etree._Element, name: str, text: str | None) -> None:
    if text:
        _in(parent, name, text)


def _day(parent: etree._Element, name: str, day: date) -> None:
    _in(_in(parent, name), "udt:DateTimeString", f"{day:%Y%m%d}", format="102")


def _plain(number: Decimal) -> str:
    return f"{exact(number):f}"


def _line(trade: etree._Element, position: int, line: InvoiceLine) -> None:
    item = _in(trade, "ram:IncludedSupplyChainTradeLineItem")
    _in(_in(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(position))
    product = _in(item, "ram:SpecifiedTradeProduct")
    _any(product, "ram:SellerAssignedID", line.product_code)
    _in(product, "ram:Name", line.text)
    price = _in(_in(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _in(price, "ram:ChargeAmount", _plain(line.price))
    if line.per != 1:
        _in(price, "ram:BasisQuantity", _plain(line.per), unitCode=_UNIT)
    delivery = _in(item, "ram:SpecifiedLineTradeDelivery")
    _in(delivery, "ram:BilledQuantity", _plain(line.quantity), unitCode=_UNIT)
    settlement = _in(item, "ram:SpecifiedLineTradeSettlement")
    tax = _in(settlement, "ram:ApplicableTradeTax")
    _in(tax, "ram:TypeCode", "VAT")
    _in(tax, "ram:CategoryCode", line.vat.category)
    _in(tax, "ram:RateApplicablePercent", _plain(line.rate))
    total = _in(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _in(total, "ram:LineTotalAmount", f"{line.net:.2f}")


def _seller(party: etree._Element, seller: Seller, notice: str) -> None:
    # BR-CO-26: without a VAT id something else has to identify the seller.
    _any(party, "ram:ID", None if seller.vat_id else seller.local_number)
    _in(party, "ram:Name", seller.name)
    _any(party, "ram:Description", notice)
    if seller.contact or seller.phone or seller.email:
        contact = _in(party, "ram:DefinedTradeContact")
        _any(contact, "ram:PersonName", seller.contact)
        if seller.phone:
            _in(_in(contact, "ram:TelephoneUniversalCommunication"), "ram:CompleteNumber", seller.phone)
        if seller.email:
            _in(_in(contact, "ram:EmailURIUniversalCommunication"), "ram:URIID", seller.email)
    _address(party, seller.postal_code, seller.street, seller.city, seller.country)
    if seller.email:
        _in(_in(party, "ram:URIUniversalCommunication"), "ram:URIID", seller.email, schemeID="EM")
    for scheme, number in (("FC", seller.local_number), ("VA", seller.vat_id)):
        if number:
            _in(_in(party, "ram:SpecifiedTaxRegistration"), "ram:ID", number, schemeID=scheme)


def _buyer(party: etree._Element, buyer: Party) -> None:
    _in(party, "ram:Name", buyer.name)
    _address(party, buyer.postal_code, buyer.street, buyer.city, buyer.country)
    if buyer.email:
        _in(_in(party, "ram:URIUniversalCommunication"), "ram:URIID", buyer.email, schemeID="EM")
    if buyer.vat_id:
        _in(_in(party, "ram:SpecifiedTaxRegistration"), "ram:ID", buyer.vat_id, schemeID="VA")


def _address(
    party: etree._Element, postal_code: str | None, street: str | None, city: str | None, country: str | None
) -> None:
    address = _in(party, "ram:PostalTradeAddress")
    _any(address, "ram:PostcodeCode", postal_code)
    _any(address, "ram:LineOne", street)
    _any(address, "ram:CityName", city)
    _any(address, "ram:CountryID", country)


def _delivery(delivery: etree._Element, invoice: Invoice) -> None:
    buyer = invoice.buyer
    if any(total.vat.category == "K" for total in invoice.vat):
        # BR-IC-12: an intra-community supply names the country that it went to.
        party = _in(delivery, "ram:ShipToTradeParty")
        _address(party, buyer.postal_code, buyer.street, buyer.city, buyer.country)
    _day(_in(delivery, "ram:ActualDeliverySupplyChainEvent"), "ram:OccurrenceDateTime", invoice.service_date)


def _settlement(settlement: etree._Element, invoice: Invoice) -> None:
    stated, seller = invoice.stated, invoice.seller
    _in(settlement, "ram:InvoiceCurrencyCode", stated.currency)
    if seller.iban and invoice.type_code == INVOICE:
        means = _in(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        _in(means, "ram:TypeCode", _TRANSFER)
        _in(_in(means, "ram:PayeePartyCreditorFinancialAccount"), "ram:IBANID", seller.iban)
        if seller.bic:
            bank = _in(means, "ram:PayeeSpecifiedCreditorFinancialInstitution")
            _in(bank, "ram:BICID", seller.bic)
    for total in invoice.vat:
        _tax(settlement, total)
    terms = _in(settlement, "ram:SpecifiedTradePaymentTerms")
    _any(terms, "ram:Description", stated.payment_terms)
    if stated.due_date:
        _day(terms, "ram:DueDateDateTime", stated.due_date)
    _sums(_in(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), invoice)
    if stated.refers_to:
        _in(_in(settlement, "ram:InvoiceReferencedDocument"), "ram:IssuerAssignedID", stated.refers_to)


def _tax(settlement: etree._Element, total: VatTotal) -> None:
    tax = _in(settlement, "ram:ApplicableTradeTax")
    _in(tax, "ram:CalculatedAmount", f"{total.tax:.2f}")
    _in(tax, "ram:TypeCode", "VAT")
    _any(tax, "ram:ExemptionReason", total.vat.reason)
    _in(tax, "ram:BasisAmount", f"{total.base:.2f}")
    _in(tax, "ram:CategoryCode", total.vat.category)
    _any(tax, "ram:ExemptionReasonCode", total.vat.code)
    _in(tax, "ram:RateApplicablePercent", _plain(total.rate))


def _sums(summation: etree._Element, invoice: Invoice) -> None:
    net = sum((line.net for line in invoice.lines), ZERO)
    sums = invoice.sums
    _in(summation, "ram:LineTotalAmount", f"{net:.2f}")
    _in(summation, "ram:TaxBasisTotalAmount", f"{sums.net:.2f}")
    _in(summation, "ram:TaxTotalAmount", f"{sums.tax:.2f}", currencyID=invoice.stated.currency)
    _in(summation, "ram:GrandTotalAmount", f"{sums.gross:.2f}")
    _in(summation, "ram:DuePayableAmount", f"{sums.gross:.2f}")
