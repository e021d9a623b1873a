"""What stands on an invoice: the lines of its PDF, and the XML of a ZUGFeRD invoice in profile EN 16931."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from string import Template
from xml.sax.saxutils import escape

from mlconnector.standins.dynamics.pricing import ZERO, net, rounded
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.times import local_day

SELLER, SELLER_VAT_ID = "Beispielbau GmbH", "DE136695976"
_PARTS = {
    "line": """
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
  </ram:IncludedSupplyChainTradeLineItem>""",
    "tax": """
   <ram:ApplicableTradeTax><ram:CalculatedAmount>$tax</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
   <ram:BasisAmount>$net</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>
   <ram:RateApplicablePercent>$rate</ram:RateApplicablePercent></ram:ApplicableTradeTax>""",
    "invoice": """<?xml version="1.0" encoding="UTF-8"?>
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
""",
}


def paper_lines(invoice: Row, lines: Sequence[Row]) -> list[str]:
    """The text lines of an invoice's PDF."""
    shown = [f"{line['quantity']} x {line['productname']}" for line in lines]
    heads = [SELLER, f"Rechnung {invoice['invoicenumber'] or 'ohne Nummer'}", f"An {invoice['billto_name']}"]
    return [*heads, *shown, f"Gesamtbetrag {invoice['totalamount']}"]


def invoice_xml(invoice: Row, lines: Sequence[Row]) -> str:
    """The XML of an invoice whose lines carry tax on top and no discount."""
    bases: dict[int, Decimal] = {}
    taxes: dict[int, Decimal] = {}
    for line in lines:
        rate = _rate(line)
        bases[rate] = bases.get(rate, ZERO) + net(line)
        taxes[rate] = taxes.get(rate, ZERO) + line["tax"]
    return Template(_PARTS["invoice"]).substitute(
        number=escape(invoice["invoicenumber"]),
        day=invoice["new_invoicedate"].replace("-", ""),
        service_day=f"{local_day(invoice['datedelivered']):%Y%m%d}",
        due_day=invoice["duedate"].replace("-", ""),
        seller=SELLER,
        seller_vat_id=SELLER_VAT_ID,
        buyer=escape(invoice["billto_name"]),
        lines="".join(_line(line) for line in lines),
        taxes="".join(
            Template(_PARTS["tax"]).substitute(rate=rate, net=base, tax=taxes[rate])
            for rate, base in bases.items()
        ),
        net=invoice["totallineitemamount"],
        tax=invoice["totaltax"],
        gross=invoice["totalamount"],
    )


def _line(line: Row) -> str:
    return Template(_PARTS["line"]).substitute(
        place=line["lineitemnumber"],
        name=escape(line["productname"]),
        price=line["priceperunit"],
        quantity=line["quantity"],
        rate=_rate(line),
        net=net(line),
    )


def _rate(line: Row) -> int:
    return int(rounded(line["tax"] * 100 / net(line)).to_integral_value())
