"""Projects, vendors, cost structure, tax codes and billing periods, as the words of `account.toml` say."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from mlconnector.standins.procore import identities
from mlconnector.standins.procore.identities import number
from mlconnector.standins.procore.records import Generated, Row
from mlconnector.standins.procore.vocabulary import CostCode, CostType, Project, Vendor, vocabulary
from mlconnector.standins.vat_ids import vat_id

_MADE = "2026-01-12T09:00:00Z"


class Catalogue:
    """What bills refer to, found by the words that `account.toml` uses for it."""

    def __init__(self, made: Generated, seed: int) -> None:
        self.tables = made.tables
        self.seed = seed
        self.projects: list[Row] = []
        self.vendors: dict[str, list[Row]] = {}
        self.tax_codes: dict[str, int] = {}
        self._wbs: dict[tuple[int, str, str], Row] = {}
        self._cost_codes: dict[tuple[int, str], Row] = {}
        self._types: dict[str, Row] = {}
        self._periods: dict[int, list[Row]] = {}
        self._fill()

    def wbs(self, project_id: int, cost_code: str, cost_type: str) -> Row:
        """The budget code of a cost code and a cost type."""
        return self._wbs[project_id, cost_code, cost_type]

    def cost_code(self, project_id: int, code: str) -> Row:
        """A cost code of a project."""
        return self._cost_codes[project_id, code]

    def cost_type(self, code: str) -> Row:
        """A cost type, which the API calls a line item type."""
        return self._types[code]

    def periods(self, project_id: int) -> list[Row]:
        """The billing periods of a project, the oldest first."""
        return self._periods[project_id]

    def has_taxes(self, project: Row) -> bool:
        """Whether tax codes were activated for the project."""
        return next(each.taxes for each in vocabulary().projects if each.number == project["project_number"])

    def _fill(self) -> None:
        words = vocabulary()
        for place, cost_type in enumerate(words.cost_types, start=1):
            row = _cost_type(place, cost_type)
            self._types[cost_type.code] = self.tables["line_item_types"][row["id"]] = row
        self._fill_taxes()
        for place, vendor in enumerate(words.vendors, start=1):
            row = _vendor(place, vendor, Random(f"{self.seed}-vendor-{place}"))
            self.vendors.setdefault(vendor.role, []).append(row)
            self.tables["vendors"][row["id"]] = row
        for place, project in enumerate(words.projects, start=1):
            row = _project(place, project)
            self.projects.append(row)
            self.tables["projects"][row["id"]] = row
            self._fill_project(place, row["id"])

    def _fill_taxes(self) -> None:
        tax_type: Row = {"id": number("tax_type", 1), "name": "USt", "description": "Umsatzsteuer"}
        self.tables["tax_types"][tax_type["id"]] = tax_type | {"origin_id": None, "origin_data": None}
        for place, tax_code in enumerate(vocabulary().tax_codes, start=1):
            row: Row = {
                "id": number("tax_code", place),
                "code": tax_code.code,
                "description": tax_code.description,
                "origin_id": None,
                "origin_data": None,
                "rate1": float(tax_code.rate),
                "archived": tax_code.archived,
                "default_tax_code": tax_code.default,
            }
            self.tax_codes[tax_code.code] = row["id"]
            self.tables["tax_codes"][row["id"]] = row

    def _fill_project(self, project_place: int, project_id: int) -> None:
        words = vocabulary()
        for place, cost_code in enumerate(words.cost_codes):
            row = _cost_code(project_place * 100 + place, project_id, cost_code)
            self._cost_codes[project_id, cost_code.code] = self.tables["cost_codes"][row["id"]] = row
            for type_place, cost_type in enumerate(words.cost_types):
                wbs = _wbs(project_place * 1000 + place * 10 + type_place, row, self._types[cost_type.code])
                self._wbs[project_id, cost_code.code, cost_type.code] = wbs
                self.tables["wbs_codes"][wbs["id"]] = wbs
        for place, first in enumerate(_months(words.company.first_month, words.company.months)):
            row = _period(project_place * 100 + place, place + 1, project_id, first)
            self._periods.setdefault(project_id, []).append(row)
            self.tables["billing_periods"][row["id"]] = row


def _project(place: int, project: Project) -> Row:
    return {
        "id": number("project", place),
        "name": project.name,
        "display_name": f"{project.number} - {project.name}",
        "project_number": project.number,
        "address": project.street,
        "city": project.city,
        "zip": project.postcode,
        "state_code": project.state,
        "country_code": project.country,
        "active": project.active,
        "created_at": _MADE,
        "updated_at": _MADE,
    }


def _vendor(place: int, vendor: Vendor, random: Random) -> Row:
    fields: Row = {}
    if vendor.country in ("DE", "AT"):
        fields[identities.VAT_ID_FIELD] = _text(vat_id(vendor.country, random))
    if vendor.role in ("subcontractor", "inactive", "austrian"):
        fields[identities.CERTIFICATE_FIELD] = _text("2028-12-31")
    if vendor.creditor and place % 2:
        fields[identities.CREDITOR_FIELD] = _text(vendor.creditor)
    return {
        "id": number("vendor", place),
        "name": vendor.name,
        "abbreviated_name": vendor.name.split()[0],
        "address": f"Gewerbestraße {place}",
        "zip": vendor.city[0],
        "city": vendor.city[1],
        "country_code": vendor.country,
        "email_address": f"rechnung{place}@vendor.example.com",
        "is_active": vendor.role != "inactive",
        "origin_code": vendor.creditor if place % 2 == 0 else None,
        "custom_fields": fields,
        "created_at": _MADE,
        "updated_at": _MADE,
        "_cost_code": vendor.cost_code,
    }


def _text(value: str) -> Row:
    return {"data_type": "string", "value": value}


def _cost_type(place: int, cost_type: CostType) -> Row:
    return {
        "id": number("line_item_type", place),
        "name": cost_type.name,
        "code": cost_type.code,
        "base_type": cost_type.base_type,
        "origin_data": None,
        "origin_id": None,
    }


def _cost_code(place: int, project_id: int, cost_code: CostCode) -> Row:
    return {
        "id": number("cost_code", place),
        "name": cost_code.name,
        "code": cost_code.code,
        "full_code": cost_code.code,
        "_project_id": project_id,
        "created_at": _MADE,
        "updated_at": _MADE,
    }


def _wbs(place: int, cost_code: Row, cost_type: Row) -> Row:
    segments = [("cost_code", cost_code), ("line_item_type", cost_type)]
    return {
        "id": number("wbs_code", place),
        "flat_code": f"{cost_code['code']}.{cost_type['code']}",
        "flat_name": f"{cost_code['name']}.{cost_type['name']}",
        "description": f"{cost_code['name']}.{cost_type['name']}",
        "status": "active",
        "created_at": _MADE,
        "updated_at": _MADE,
        "segment_items": [
            {"id": row["id"], "code": row["code"], "name": row["name"], "segment": {"type": kind}}
            for kind, row in segments
        ],
        "wbs_pattern_id": 12,
        "_project_id": cost_code["_project_id"],
    }


def _period(place: int, position: int, project_id: int, first: date) -> Row:
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return {
        "id": number("billing_period", place),
        "created_at": _MADE,
        "due_date": str(last + timedelta(days=vocabulary().company.due_days)),
        "end_date": str(last),
        "position": position,
        "project_id": project_id,
        "start_date": str(first),
        "status": "open" if position == vocabulary().company.months else "closed",
        "updated_at": _MADE,
    }


def _months(first: date, count: int) -> list[date]:
    months = [first]
    while len(months) < count:
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months
