"""The bodies and headers of webhook deliveries, in the differing shapes that the events have.

Nothing is signed. Ids are in upper case for most events, days in the company's own format, and no body says
when something happened.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

from mlconnector.standins.cin7.account import Account, encoded
from mlconnector.standins.cin7.identities import TENANT_ID
from mlconnector.standins.cin7.query import Query
from mlconnector.standins.cin7.records import File, Row
from mlconnector.standins.cin7.shown import purchase_shown, with_stamps
from mlconnector.standins.cin7.times import day_of

Mode = Literal["noauth", "basicauth", "bearerauth", "header"]


@dataclass(frozen=True)
class Authentication:
    """How a delivery shows where it comes from."""

    mode: Mode = "bearerauth"
    user_name: str = "cin7"
    password: str = "webhook-password"
    token: str = "webhook-token"
    header: str = "X-Cin7-Secret"
    value: str = "webhook-secret"

    def headers(self) -> dict[str, str]:
        """The headers of a delivery."""
        if self.mode == "basicauth":
            pair = base64.b64encode(f"{self.user_name}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        if self.mode == "bearerauth":
            return {"Authorization": f"Bearer {self.token}"}
        return {self.header: self.value} if self.mode == "header" else {}


def registered(webhook: Row) -> dict[str, str]:
    """The headers that a webhook was set up with."""
    modes: dict[str, Mode] = {"basicauth": "basicauth", "bearerauth": "bearerauth"}
    known = Authentication(
        modes.get(webhook["ExternalAuthorizationType"], "noauth"),
        webhook["ExternalUserName"] or "",
        webhook["ExternalPassword"] or "",
        webhook["ExternalBearerToken"] or "",
    )
    return known.headers() | {each["Key"]: each["Value"] for each in webhook["ExternalHeaders"]}


def delivery_body(account: Account, event_type: str, record_id: str) -> bytes:
    """The body of an event about a sale, purchase, customer or supplier; LookupError when there is none."""
    family, _, name = event_type.partition("/")
    if family == "Sale":
        body = _sale_body(account, name, account.sale(record_id))
    elif event_type == "Purchase/Updated":
        shown = purchase_shown(account.purchase(record_id), [], _no_address, Query([]))
        body = {"NumberOfPurchase": 1, "CustomerDetailsList": [_head(shown)]}
    elif family == "Purchase":
        body = _purchase_body(account, name, account.purchase(record_id))
    else:
        body = _party_body(account, family, record_id)
    return encoded(body | {"EventType": event_type})


def _sale_body(account: Account, name: str, sale: Row) -> Row:
    number, upper = sale["Order"]["SaleOrderNumber"], sale["ID"].upper()
    customer = _customer(sale)
    invoice = _newest(sale["Invoices"], "InvoiceNumber")
    match name:
        case "InvoiceAuthorised":
            task = str(invoice.get("TaskID", sale["ID"])).upper()
            ids = {"SaleTaskID": task, "TenantID": TENANT_ID.upper(), "OrderNumber": number}
            return {**ids, "InvoiceNumber": invoice.get("InvoiceNumber"), **customer}
        case "ShipmentAuthorised":
            return {"SaleTaskID": upper, "TenantID": TENANT_ID.upper(), "OrderNumber": number, **customer}
        case "PartialPaymentReceived" | "FullPaymentReceived":
            return {"SaleID": sale["ID"]} | _payment_body(name, invoice) | customer
        case "CreditNoteAuthorised":
            credit = _newest(sale["CreditNotes"], "CreditNoteNumber")
            # The sample has a blank behind the number.
            numbers = {"CreditNoteNumber": f"{credit.get('CreditNoteNumber')} "}
            task = str(credit.get("TaskID", sale["ID"])).upper()
            return {"SaleID": upper, "SaleOrderNumber": number, **numbers, "TaskID": task, **customer}
        case "AttachmentAdded":
            return {"SaleID": sale["ID"], **customer, "SaleOrderNumber": number} | _file_body(
                account.files.get(sale["ID"], [])
            )
        case "Undo":
            contact = {key: value for key, value in customer.items() if key != "CustomerName"}
            return {"SaleID": upper, "SaleOrderNumber": number, **contact}
        case "PickAuthorised" | "PackAuthorised":
            return {"SaleID": upper, "SaleOrderNumber": number, "TaskID": upper, **customer}
        case "OrderAuthorised" | "QuoteAuthorised" | "Backordered":
            return {"SaleID": upper, "SaleOrderNumber": number}
    made = {"SaleOrderDate": sale["SaleOrderDate"][:10], "TaskTypeSign": "0", "IsServiceOnly": "0"}
    return {"SaleID": upper, "SaleOrderNumber": number, **customer} | (made if name == "Created" else {})


def _payment_body(name: str, invoice: Row) -> Row:
    body: Row = {
        "DocumentNumber": invoice.get("InvoiceNumber"),
        "DocumentType": "invoice",
        "DocumentDate": f"{day_of(invoice['InvoiceDate']):%d/%m/%Y}" if invoice else None,
    }
    return body | ({"AmountPercent": "0.00"} if name.startswith("Partial") else {})


def _file_body(files: list[File]) -> Row:
    if not files:
        return {}
    return {"FileName": files[-1].name, "BlobGUID": files[-1].id, "TaskTypeSign": "0", "IsServiceOnly": "0"}


def _purchase_body(account: Account, name: str, purchase: Row) -> Row:
    numbers: Row = {}
    if name == "CreditNoteAuthorised":
        credit = _newest(purchase["CreditNote"], "CreditNoteNumber")
        numbers["CreditNoteNumber"] = credit.get("CreditNoteNumber")
    elif name != "OrderAuthorised":
        numbers["InvoiceNumber"] = _newest(purchase["Invoice"], "InvoiceNumber").get("InvoiceNumber")
    known = name == "OrderAuthorised"
    contact = account.suppliers[purchase["SupplierID"]]["Contacts"][0]
    return {
        "TaskID": purchase["ID"] if known else purchase["ID"].upper(),
        "PurchaseOrderNumber": purchase["OrderNumber"],
        **numbers,
        "SupplierName": purchase["Supplier"] if known else None,
        "SupplierContactName": purchase["Contact"] if known else None,
        "SupplierContactEmail": contact["Email"] if known else None,
    }


def _party_body(account: Account, family: str, record_id: str) -> Row:
    parties = account.customers if family == "Customer" else account.suppliers
    if record_id not in parties:
        raise LookupError(f"This account has no {family.lower()} {record_id}.")
    party = with_stamps(parties[record_id])
    lists = {name: party.pop(name) for name in ("Addresses", "Contacts")}
    party.pop("ChildCustomers", None)
    return {f"NumberOf{family}s": 1, f"{family}DetailsList": [{family: party} | lists]}


def _head(purchase: Row) -> Row:
    """A purchase as its event carries it: nothing but the head, its id in upper case."""
    kept = {
        name: value for name, value in purchase.items() if not isinstance(value, list) and name != "Order"
    }
    shipping = purchase["ShippingAddress"] | {"Company": None}
    return kept | {"ID": purchase["ID"].upper(), "ShippingAddress": shipping}


def _customer(sale: Row) -> Row:
    return {
        "CustomerName": sale["Customer"],
        "CustomerContactName": sale["Contact"],
        "CustomerContactEmail": sale["Email"],
    }


def _newest(documents: list[Row], key: str) -> Row:
    return next((each for each in reversed(documents) if each[key]), {})


def _no_address(_: File) -> str:
    return ""
