"""The form of ledger files: order, presence and writing of the elements of a row, and the head around them.

Written down a second time on purpose, from DATEV's schemas for version 6.0: a stand-in that shared the
product's own list would share its mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlconnector.standins.datev.xml_tree import Element

NAMESPACE = re.compile(r"http://xml\.datev\.de/bedi/tps/ledger/v0[4-6]0")
XML_DATA = "Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug"
MOST_ROWS = 5000
_DAY = r"(?!0)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_AMOUNT = r"[+-]?(?!0\.00)([1-9]\d{0,9}|0)\.\d{2}"
_DISCOUNT = r"(?!0\.00)([1-9]\d{0,7}|0)\.\d{2}"
_PERCENT = r"([1-9]\d?|0)\.\d{2}"
_VAT_ID = r"[0-9a-zA-Z. _]{1,15}"
_COST = r"[^ \t\r\n]([^\t\r\n]{0,34}[^ \t\r\n])?"
_COUNTRY = r"[A-Z]{2}"

_FORMS = {
    "date": _DAY,
    "amount": _AMOUNT,
    "discountAmount": _DISCOUNT,
    "accountNo": r"[1-9]\d{0,8}",
    "buCode": r"[1-9]\d{0,3}|0",
    "costAmount": r"([1-9]\d{0,11}|0)\.\d{4}",
    "costCategoryId": _COST,
    "costCategoryId2": _COST,
    "tax": _PERCENT,
    "information": r".{1,120}",
    "currencyCode": r"[A-Z]{3}",
    "invoiceId": r"[a-zA-Z0-9$%&*+\-/]{0,36}",
    "bookingText": r".{1,60}",
    "typeOfReceivable": r".{1,10}",
    "ownVatId": _VAT_ID,
    "shipFromCountry": _COUNTRY,
    "partyId": r".{1,15}",
    "paidAt": _DAY,
    "internalInvoiceId": r"[a-zA-Z0-9$%&*+\-/]{1,12}",
    "vatId": _VAT_ID,
    "shipToCountry": _COUNTRY,
    "exchangeRate": r"(?!0\.000000)([1-9]\d{0,3}|0)\.\d{6}",
    "bankCode": r"[1-9]|\d{2,10}",
    "bankAccount": r".{1,30}",
    "bankCountry": _COUNTRY,
    "iban": r"[A-Z]{2}\d\d[A-Za-z0-9]{11,30}",
    "swiftCode": r"[A-Z]{6}[A-Z0-9]{2,5}",
    "accountName": r".{1,40}",
    "paymentConditionsId": r"9|[1-9]\d{1,2}",
    "paymentOrder": r"true|false|0|1",
    "discountPercentage": _PERCENT,
    "discountPaymentDate": _DAY,
    "discountAmount2": _DISCOUNT,
    "discountPercentage2": _PERCENT,
    "discountPaymentDate2": _DAY,
    "dueDate": _DAY,
    "bpAccountNo": r"[1-9]\d{4,8}",
    "deliveryDate": _DAY,
    "orderId": r"[a-zA-Z0-9$%&*+\-./]{1,30}",
    "supplierName": r".{1,50}",
    "supplierCity": r".{1,30}",
    "customerName": r".{1,50}",
    "customerCity": r".{1,30}",
}
_REQUIRED = ("date", "amount", "currencyCode", "invoiceId")
_CASH = (*tuple(_FORMS)[:10], "currencyCode", "invoiceId", "bookingText")
_CASH_REQUIRED = ("date", "amount", "currencyCode", "bookingText")
_OTHERS = {"accountsReceivableLedger": "supplier", "accountsPayableLedger": "customer"}


def objections(ledger: Element) -> Iterator[str]:
    """What DATEV's schema would say of a ledger file, in German, for the protocol; nothing when it is one."""
    if ledger.name != "LedgerImport" or NAMESPACE.fullmatch(ledger.namespace) is None:
        yield "Die Datei ist keine Belegsatzdatendatei ab Version 4.0."
        return
    for name in ("version", "generator_info", "xml_data"):
        if not ledger.attributes.get(name):
            yield f"Attribut {name} fehlt."
    if ledger.attributes.get("xml_data", XML_DATA) != XML_DATA:
        yield "Attribut xml_data hat nicht den festen Wert."
    if len(ledger.children) != 1 or ledger.children[0].name != "consolidate":
        yield "Die Datei enthält nicht genau einen Beleg (consolidate)."
        return
    rows = ledger.children[0].children
    if not 1 <= len(rows) <= MOST_ROWS:
        yield f"Ein Beleg hat 1 bis {MOST_ROWS} Belegsätze, dieser {len(rows)}."
    for name in ("consolidatedAmount", "consolidatedDate", "consolidatedCurrencyCode"):
        if not ledger.children[0].attributes.get(name):
            yield f"Attribut {name} fehlt."
    for row in rows:
        yield from _row(row)


def _row(row: Element) -> Iterator[str]:
    is_cash = row.name == "cashLedger"
    other = _OTHERS.get(row.name, "-")
    order = [name for name in (_CASH if is_cash else _FORMS) if not name.startswith(other)]
    reached = -1
    for child in row.children:
        position = order.index(child.name) if child.name in order else -1
        if position <= reached:
            yield f"Element {child.name} wird hier nicht erwartet."
            continue
        reached = position
        if re.fullmatch(_FORMS[child.name], child.text, re.DOTALL | re.ASCII) is None:
            yield f"Element {child.name}: '{child.text}' ist kein gültiger Wert."
    present = {child.name for child in row.children}
    for name in _CASH_REQUIRED if is_cash else _REQUIRED:
        if name not in present:
            yield f"Element {name} fehlt."
