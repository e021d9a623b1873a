"""Sales and purchases as their endpoints show them; what is the same in every record is added here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlconnector.standins.cin7.answers import refusal
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.ledger import transactions
from mlconnector.standins.cin7.papers import content_type
from mlconnector.standins.cin7.query import Query
from mlconnector.standins.cin7.records import File, Row
from mlconnector.standins.cin7.sales import BOOKED
from mlconnector.standins.cin7.times import shown
from mlconnector.standins.cin7.vocabulary import vocabulary

Address = Callable[[File], str]
_SIZES: Row = {f"Product{name}": 0 for name in ("Length", "Width", "Height", "Weight")}
_UNITS = ("WeightUnits", "DimensionsUnits")
_FIELDS = tuple(f"ProductCustomField{number}" for number in range(1, 11))
_OF_SALES: Row = _SIZES | dict.fromkeys(_UNITS, "") | dict.fromkeys(_FIELDS)
_OF_PURCHASES: Row = _SIZES | {"WeightUnits": "g", "DimensionsUnits": "cm"} | dict.fromkeys(_FIELDS, "")
_STAMPS = frozenset({"DateCreated", "LastModifiedOn", "LastUpdatedDate"})


def sale_shown(sale: Row, files: list[File], address: Address, query: Query) -> Row:
    """A sale with the options that were asked for."""
    made: Row = _written(sale, _countries(query.text("CountryFormat")), _OF_SALES)
    made["Attachments"] = attachment_lines(files, address)
    if query.flag("CombineAdditionalCharges"):
        for document in (made["Quote"], made["Order"], *made["Invoices"], *made["CreditNotes"]):
            _combine(document)
    if not query.flag("HideInventoryMovements"):
        made["InventoryMovements"] = _movements(sale["Invoices"], _OF_SALES)
    made["Transactions"] = transactions(sale) if query.flag("IncludeTransactions") else []
    return made


def purchase_shown(purchase: Row, files: list[File], address: Address, query: Query) -> Row:
    """A purchase as the endpoint for all kinds of purchases shows it."""
    made: Row = _written(purchase, {}, _OF_PURCHASES)
    made["Attachments"] = attachment_lines(files, address)
    if query.flag("CombineAdditionalCharges"):
        for document in (made["Order"], *made["Invoice"], *made["CreditNote"]):
            _combine(document)
    made["InventoryMovements"] = _movements(purchase["Invoice"], _OF_PURCHASES)
    return made


def simple_purchase(made: Row) -> Row:
    """A shown purchase as the deprecated endpoint has it: one invoice, one credit note, its own spelling."""
    kept = {
        name: value
        for name, value in made.items()
        if name not in ("PutAway", "Type", "IsServiceOnly") and not name.startswith("Combined")
    }
    kept["StockReceived"] = _only(made["StockReceived"], {"Status": "NOT AVAILABLE", "Lines": []})
    kept["Invoice"] = _only(
        made["Invoice"], {"Status": "NOT AVAILABLE", "Lines": [], "AdditionalCharges": []}
    )
    kept["Invoice"] = {
        "InvocieNumber" if name == "InvoiceNumber" else name: value for name, value in kept["Invoice"].items()
    }
    kept["CreditNote"] = _only(made["CreditNote"], {"Status": "NOT AVAILABLE", "Lines": []})
    kept["CreditNote"].pop("CreditNoteInvoiceNumber", None)
    unstock = {"Status": "NOT AVAILABLE", "Lines": []}
    if "Unstock" in kept["CreditNote"]:
        kept["CreditNote"]["Unstock"] = unstock
    kept["ManualJournals"] = {"Status": "NOT AVAILABLE", "Lines": []}
    return kept


def credit_notes_shown(sale: Row, payments: list[Row], query: Query) -> Row:
    """The credit notes of a sale: without totals, with payments where they are asked for."""
    made = []
    for credit in sale["CreditNotes"]:
        left_out = ("Refunds", "TotalBeforeTax", "Tax", "Total")
        one: Row = {name: value for name, value in credit.items() if name not in left_out}
        one["CombineAdditionalCharges"] = query.flag("CombineAdditionalCharges")
        if one["CombineAdditionalCharges"]:
            _combine(one)
        if query.flag("IncludePaymentInfo"):
            own = [
                each for each in payments if each["Type"] == "Refund" and each["TaskID"] == credit["TaskID"]
            ]
            one["CreditNoteBalance"] = credit["Total"] - sum(each["Amount"] for each in own)
            one["Payments"] = [
                {
                    name: shown(value) if name in _STAMPS else value
                    for name, value in each.items()
                    if name not in ("SaleID", "TaskID")
                }
                for each in own
            ]
        made.append(one)
    return {"SaleID": sale["ID"], "CreditNotes": made}


def attachment_lines(files: list[File], address: Address) -> list[Row]:
    """Attachments: no dates, and addresses that are good for some minutes."""
    return [
        {
            "ID": file.id,
            "ContentType": content_type(file.name),
            "FileName": file.name,
            "DownloadUrl": address(file),
        }
        for file in files
    ]


def with_stamps(row: Row) -> Row:
    """A flat row with its stamps written as the original does."""
    return {name: shown(value) if name in _STAMPS and value else value for name, value in row.items()}


def _written(value: Any, countries: dict[str, str], of_products: Row, name: str = "") -> Any:
    """The value with its stamps and countries as they are written, and with what products show everywhere."""
    if isinstance(value, dict):
        made = {key: _written(part, countries, of_products, key) for key, part in value.items()}
        return made | of_products if "ProductID" in made and name != "Restock" else made
    if isinstance(value, list):
        return [_written(part, countries, of_products, name) for part in value]
    if name in _STAMPS and value:
        return shown(value)
    return countries.get(value, value) if name == "Country" else value


def _countries(country_format: str) -> dict[str, str]:
    """What stands for the name of a country."""
    match country_format.lower():
        case "" | "regular":
            return {}
        case "code2":
            return {place.name: place.country for place in vocabulary().places}
        case "code":
            return {place.name: place.code for place in vocabulary().places}
    raise refusal(400, "CountryFormat is not valid")


def _combine(document: Row) -> None:
    """Show the additional charges as lines."""
    for charge in document["AdditionalCharges"]:
        name = charge["Description"]
        line = {"ProductID": guid("charge", name), "SKU": name[:50], "Name": name}
        document["Lines"] = [
            *document["Lines"],
            line | {k: v for k, v in charge.items() if k != "Description"},
        ]
    document["AdditionalCharges"] = []


def _movements(invoices: list[Row], of_products: Row) -> list[Row]:
    return [
        {
            "TaskID": invoice["TaskID"],
            "ProductID": line["ProductID"],
            "Date": invoice["InvoiceDate"],
            "COGS": line["Quantity"] * line.get("AverageCost", 0),
            **of_products,
        }
        for invoice in invoices
        if invoice["Status"] in BOOKED
        for line in invoice["Lines"]
    ]


def _only(documents: list[Row], without: Row) -> Row:
    if not documents:
        return without
    left_out = ("TaskID", "InvoicingAndReceivingNumber")
    return {name: value for name, value in documents[0].items() if name not in left_out}
