"""Records of Pipedrive for tests of pure code, with sensible values where a test does not care."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mlconnector.systems.pipedrive.fields import KnownField, KnownFields
from mlconnector.systems.pipedrive.settings import Settings
from mlconnector.systems.pipedrive.shapes import Deal, DealProduct

NUMBER, DATE, SERVICE, RATE, CENTRE = (str(digit) * 40 for digit in range(1, 6))
VAT, DEBTOR = "a" * 40, "b" * 40
KNOWN = KnownFields(
    deal={
        NUMBER: KnownField("Rechnungsnummer", "varchar"),
        DATE: KnownField("Rechnungsdatum", "date"),
        SERVICE: KnownField("Leistung", "daterange"),
        RATE: KnownField("Kurs", "double"),
        CENTRE: KnownField("Kostenstelle", "enum", {"31": "100 Verwaltung"}),
    },
    organization={VAT: KnownField("USt-IdNr.", "varchar"), DEBTOR: KnownField("Debitor", "varchar")},
)
FIELDS = {
    "invoice_number": NUMBER,
    "invoice_date": DATE,
    "service_date": SERVICE,
    "exchange_rate": RATE,
    "cost_centre": CENTRE,
    "vat_id": VAT,
    "debtor_number": DEBTOR,
}


def settings(**values: Any) -> Settings:
    table = {"auth": "api_token", "base_url": "https://firma.pipedrive.com", "fields": FIELDS, **values}
    return Settings.model_validate(table)


def deal(value: str | Decimal | None = "119", **values: Any) -> Deal:
    given: dict[str, Any] = {
        "id": 7,
        "status": "won",
        "title": "Dach Müller",
        "add_time": datetime(2026, 6, 1, 9, tzinfo=UTC),
        "won_time": datetime(2026, 6, 30, 22, 30, tzinfo=UTC),
        "value": None if value is None else Decimal(value),
        "currency": "EUR",
        "org_id": 17,
        "custom_fields": {NUMBER: "RE-1"},
        **values,
    }
    return Deal(**given)


def product(price: str | Decimal = "100", **values: Any) -> DealProduct:
    given: dict[str, Any] = {
        "id": 1,
        "deal_id": 7,
        "name": "Montage",
        "quantity": Decimal(1),
        "item_price": Decimal(price),
        "tax": Decimal(19),
        "tax_method": "exclusive",
        "discount": Decimal(0),
        "discount_type": "percentage",
        "currency": "EUR",
        **values,
    }
    return DealProduct(**given)
