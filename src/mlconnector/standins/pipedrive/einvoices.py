"""ZUGFeRD invoices of some generated deals: a small PDF with the XML of the profile EN 16931 in it."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from xml.sax.saxutils import escape

from mlconnector.standins.pipedrive import pdf
from mlconnector.standins.pipedrive.fields import field_key
from mlconnector.standins.pipedrive.pricing import cents, half_up
from mlconnector.standins.pipedrive.records import Deal, Labels, Line
from mlconnector.standins.pipedrive.vocabulary import vocabulary

SELLER_VAT_ID = "DE136695976"

_LINE = Template("""
  <ram:IncludedSupplyChainTradeLineItem>
   <ram:AssociatedDocumentLineDocument><ram:LineID>$place</ram:LineID></ram:AssociatedDocumentLineDocument>
   <ram:SpecifiedTradeProduct><ram:Name>$name</ram:Name></ram:SpecifiedTradeProduct>
   <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>$price</ram:ChargeAmount>
   </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
   <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">$quantity</ram:BilledQuantity>
   </ram:SpecifiedLineTradeDelivery>
   <ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode>
   <ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>$rate</ram:RateApplicablePercent>
   </ram:ApplicableTradeTax><ram:SpecifiedTradeSettlementLineMonetarySummation>
   <ram:LineTotalAmount>$net</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
   </ram:SpecifiedLineTradeSettlement>
  </ram:IncludedSupplyChainTradeLineItem>""")
_TAX = Template("""
   <ram:ApplicableTradeTax><ram:CalculatedAmount>$tax</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
   <ram:BasisAmount>$net</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>
   <ram:RateApplicablePercent>$rate</ram:RateApplicablePercent></ram:ApplicableTradeTax>""")
_INVOICE = Template("""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
  <ram:ID>urn:cen.eu:en16931:2017</ram:ID>
 </ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
 <rsm:ExchangedDocument><ram:ID>$number</ram:ID><ram:TypeCode>380</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">$day</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>$lines
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:Name>$seller</ram:Name>
    <ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">$seller_vat_id</ram:ID></ram:SpecifiedTaxRegistration>
   </ram:SellerTradeParty>
   <ram:BuyerTradeParty><ram:Name>$buyer</ram:Name>
    <ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
   </ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeDelivery><ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>
   <udt:DateTimeString format="102">$service_day</udt:DateTimeString>
  </ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent></ram:ApplicableHeaderTradeDelivery>
  <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>$taxes
   <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>
    <udt:DateTimeString format="102">$due_day</udt:DateTimeString>
   </ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:LineTotalAmount>$net</ram:LineTotalAmount>
    <ram:TaxBasisTotalAmount>$net</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="EUR">$tax</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>$gross</ram:GrandTotalAmount>
    <ram:DuePayableAmount>$gross</ram:DuePayableAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
""")


def has_einvoice(deal_id: int, label: Labels) -> bool:
    """Whether a deal's invoice is an e-invoice: every third of those that nothing is the matter with."""
    kinds = (label.case, label.lines, label.files, label.text)
    return deal_id % 3 == 0 and kinds == ("domestic", "plain", "invoice", "plain")


def zugferd(deal: Deal, buyer: str, lines: Sequence[Line]) -> bytes:
    """The invoice of a deal whose lines all carry tax on top and no discount."""
    shown = [f"{line.quantity} x {line.name}" for line in lines]
    heads = ["Rechnung", f"Rechnungsnummer: {_field(deal, 'Rechnungsnummer')}"]
    return pdf.document([*heads, *shown], invoice=_xml(deal, buyer, lines))


def _field(deal: Deal, name: str) -> str:
    return str(deal.custom_fields[field_key("deal", name)])


def _xml(deal: Deal, buyer: str, lines: Sequence[Line]) -> bytes:
    bases: dict[int, int] = {}
    for line in lines:
        bases[int(line.tax)] = bases.get(int(line.tax), 0) + cents(line.sum)
    taxes = {rate: half_up(base * rate, 100) for rate, base in bases.items()}
    net, tax = sum(bases.values()), sum(taxes.values())
    return _INVOICE.substitute(
        number=escape(_field(deal, "Rechnungsnummer")),
        day=_day(deal, "Rechnungsdatum"),
        service_day=_day(deal, "Leistungsdatum"),
        due_day=_day(deal, "Fällig am"),
        seller=escape(vocabulary().company.name),
        seller_vat_id=SELLER_VAT_ID,
        buyer=escape(buyer),
        lines="".join(_line(place, line) for place, line in enumerate(lines, start=1)),
        taxes="".join(
            _TAX.substitute(rate=rate, net=_money(base), tax=_money(taxes[rate]))
            for rate, base in bases.items()
        ),
        net=_money(net),
        tax=_money(tax),
        gross=_money(net + tax),
    ).encode()


def _line(place: int, line: Line) -> str:
    return _LINE.substitute(
        place=place,
        name=escape(line.name),
        price=_money(cents(line.item_price)),
        quantity=line.quantity,
        rate=line.tax,
        net=_money(cents(line.sum)),
    )


def _day(deal: Deal, name: str) -> str:
    return _field(deal, name).replace("-", "")


def _money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
