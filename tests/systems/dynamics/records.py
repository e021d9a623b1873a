"""Rows of Dataverse for tests of pure code, with sensible values where a test does not care."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mlconnector.systems.dynamics.settings import Settings
from mlconnector.systems.dynamics.shapes import LOOKUP_TABLE, Note
from mlconnector.systems.dynamics.vouchers import Belongings, Surroundings, final
from mlconnector.systems.kit.json_answers import Raw, parsed
from mlconnector.systems.source import Reading
from tests.specifications import required

INVOICE = "aaaaaaaa-0000-0000-0000-000000000001"
CUSTOMER = "60c4e274-0d87-e711-80e5-00155db19e6d"
EURO = "11111111-2222-3333-4444-555555555555"
DOLLAR = "11111111-2222-3333-4444-666666666666"
PRODUCT = "99999999-0000-0000-0000-000000000001"
ORDER = "77777777-0000-0000-0000-000000000001"
CREATED = "2026-11-02T23:30:00Z"


def sample(name: str) -> Any:
    """An example as it would come, with exact decimals; skips where it is not beside this repository."""
    return parsed(required(f"dynamics/{name}").read_bytes())


def settings(**values: Any) -> Settings:
    table = {
        "environment": "https://firma.crm4.dynamics.com",
        "tenant": "firma.onmicrosoft.com",
        "client_id": "an-app",
        "columns": {"invoice_date": "createdon"},
        "documents": {"missing": "render"},
        **values,
    }
    return Settings.model_validate(table)


def exactly(row: Raw) -> Raw:
    """A row as the decoder gives it: decimals in place of floats."""
    found: Raw = parsed(json.dumps(row, default=str).encode())
    return found


def invoice(total: Any = 119.0, tax: Any = 19.0, **values: Any) -> Raw:
    return exactly(
        {
            "invoiceid": INVOICE,
            "invoicenumber": "INV-1",
            "name": "Dach Müller",
            "statecode": 0,
            "statuscode": 4,
            "createdon": CREATED,
            "totalamount": total,
            "totaltax": tax,
            "exchangerate": 1.0,
            "billto_country": "Deutschland",
            "_customerid_value": CUSTOMER,
            f"_customerid_value{LOOKUP_TABLE}": "account",
            "_transactioncurrencyid_value": EURO,
            **values,
        }
    )


def detail(gross: Any = 119.0, tax: Any = 19.0, number: int = 1, **values: Any) -> Raw:
    return exactly(
        {
            "invoicedetailid": f"bbbbbbbb-0000-0000-0000-{number:012}",
            "_invoiceid_value": INVOICE,
            "lineitemnumber": number,
            "isproductoverridden": False,
            "_productid_value": PRODUCT,
            "quantity": 1.0,
            "baseamount": float(Decimal(str(gross)) - Decimal(str(tax))),
            "manualdiscountamount": 0.0,
            "tax": tax,
            "extendedamount": gross,
            **values,
        }
    )


def account(**values: Any) -> Raw:
    return {"accountid": CUSTOMER, "name": "Muster AG", "address1_city": "Köln", **values}


def around(**values: Any) -> Surroundings:
    given: dict[str, Any] = {
        "base": "EUR",
        "currencies": {EURO: "EUR", DOLLAR: "USD"},
        "customers": {f"account/{CUSTOMER}": account()},
        "products": {PRODUCT: {"productid": PRODUCT, "name": "Montage", "productnumber": "MONT"}},
        "orders": {ORDER: "ORD-1"},
        "behaviours": {
            "invoice": {"datedelivered": "UserLocal", "duedate": "DateOnly", "createdon": "UserLocal"},
            "invoicedetail": {"actualdeliveryon": "UserLocal"},
        },
        **values,
    }
    return Surroundings(**given)


def read(
    head: Raw | None = None,
    details: list[Raw] | None = None,
    rule: Settings | None = None,
    surroundings: Surroundings | None = None,
    notes: list[Note] | None = None,
) -> Reading:
    """The reading of a final invoice."""
    belongings = Belongings([detail()] if details is None else details, notes or [])
    return final(head or invoice(), belongings, surroundings or around(), rule or settings())


def keys(reading: Reading) -> list[str]:
    return [problem.key for problem in reading.problems]
