"""Direct costs: invoices of vendors without a commitment, expenses of employees, payroll, and mirrored bills.

Taxes of lines are added up unrounded and rounded once, so that lines rounded alone may miss the total by a
cent (support pages of Procore on tax codes).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from mlconnector.standins.procore.amounts import ZERO, cents, money
from mlconnector.standins.procore.billing import performed
from mlconnector.standins.procore.identities import number
from mlconnector.standins.procore.invoice_xml import invoice_facts
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import DirectCostCase, vocabulary
from mlconnector.standins.procore.work import Work, currency, file_name, moment

_STATUSES = {"direct_cost_pending": "pending", "direct_cost_draft": "draft"}
_TERMS = ("14 Tage netto", "30 Tage netto", "10 Tage 2 % Skonto, 30 Tage netto", "")


def direct_cost(work: Work, place: int, case: DirectCostCase, mirrored: Row | None) -> Row:
    """Make the direct cost at `place`, and put it into the account; `mirrored` is what it repeats."""
    random = Random(f"{work.seed}-direct-cost-{place}")
    project = _project(work, place, case.name, mirrored)
    vendor = _vendor(work, case, mirrored, random)
    day = _day(work, place, case.name)
    cost = _head(work, case, project, vendor, day, random)
    cost["invoice_number"] = _number(case, place, day, mirrored)
    cost["line_items"] = _lines(work, case, project, mirrored, random)
    if case.name == "foreign_chf":
        company = vocabulary().company
        cost["currency_configuration"] = currency(company.foreign_currency, company.foreign_rate)
    put_direct_cost_sums(cost, work.rates())
    work.made.tables["direct_costs"][cost["id"]] = cost
    work.made.cases[cost["id"]] = case.name
    _attach(work, case, cost)
    return cost


def put_direct_cost_sums(cost: Row, rates: dict[int, Decimal]) -> None:
    """Write amount and total of a direct cost and the totals of its lines."""
    net = tax = ZERO
    for line in cost["line_items"]:
        amount = Decimal(line["amount"])
        rate = rates[line["tax_code_id"]] if line["tax_code_id"] is not None else ZERO
        line |= {"extended_amount": money(amount), "total_amount": money(amount + amount * rate / 100)}
        net, tax = net + amount, tax + amount * rate / 100
    cost |= {"amount": money(net), "grand_total": money(net + cents(tax))}


def _project(work: Work, place: int, case: str, mirrored: Row | None) -> Row:
    if mirrored:
        return work.made.tables["projects"][mirrored["project_id"]]
    wanted = [
        each
        for each in work.catalogue.projects
        if each["active"] and work.catalogue.has_taxes(each) == (case != "tax_feature_off")
    ]
    return wanted[place % len(wanted)]


def _vendor(work: Work, case: DirectCostCase, mirrored: Row | None, random: Random) -> Row | None:
    if mirrored:
        return work.made.tables["vendors"][mirrored["vendor_id"]]
    if case.vendor is None:
        return None
    vendors = work.catalogue.vendors[case.vendor]
    return vendors[0] if case.name == "reused_number" else random.choice(vendors)


def _day(work: Work, place: int, case: str) -> date:
    company = vocabulary().company
    if case == "reused_number" and not _has(work, case):
        return company.previous_year
    return company.first_month + timedelta(days=(place * 17) % (30 * company.months))


def _has(work: Work, case: str) -> bool:
    return case in work.made.cases.values()


def _number(case: DirectCostCase, place: int, day: date, mirrored: Row | None) -> str | None:
    if mirrored:
        return str(mirrored["invoice_number"])
    if case.name == "no_number" or case.type != "invoice":
        return None
    if case.name == "reused_number":
        return "4711"
    return f"{'GS' if case.name == 'credit_direct_cost' else 'RE'}-{day.year}-{8000 + place}"


def _head(
    work: Work, case: DirectCostCase, project: Row, vendor: Row | None, day: date, random: Random
) -> Row:
    names = vocabulary().employees.names
    employee = random.randrange(len(names))
    return {
        "id": work.next_id("direct_cost"),
        "project": {"id": project["id"], "name": project["name"]},
        "direct_cost_type": case.type,
        "direct_cost_date": str(day),
        "received_date": str(day + timedelta(days=2)),
        "payment_date": None,
        "description": case.text,
        "status": _STATUSES.get(case.name, "approved"),
        "terms": random.choice(_TERMS) if vendor else None,
        "vendor": {"id": vendor["id"], "name": vendor["name"]} if vendor else None,
        "vendor_id": vendor["id"] if vendor else None,
        "vendor_name": vendor["name"] if vendor else None,
        "employee": {"id": number("employee", employee + 1), "name": names[employee]}
        if case.type == "expense"
        else None,
        "currency_configuration": currency("EUR"),
        "created_at": moment(day, days=2, hour=7),
        "updated_at": moment(day, days=4, minute=random.randrange(60)),
        "deleted_at": None,
        "origin_id": None,
        "origin_data": None,
    }


def _lines(work: Work, case: DirectCostCase, project: Row, mirrored: Row | None, random: Random) -> list[Row]:
    if mirrored:
        rows = [
            (item["wbs_code"], "N", item["_tax_code_id"], performed(item), item["description_of_work"])
            for item in mirrored["items"]
        ]
    else:
        rows = [_wanted(work, case, project, wanted, random) for wanted in case.lines]
    return [_line(work, project, position, *row) for position, row in enumerate(rows, start=1)]


def _wanted(
    work: Work, case: DirectCostCase, project: Row, wanted: list[Any], random: Random
) -> tuple[Row, str, int | None, Decimal, str]:
    cost_code, cost_type, tax_code, *amount = wanted
    net = Decimal(amount[0] if amount else random.randrange(8_000, 240_000)) / 100
    has_taxes = work.catalogue.has_taxes(project) and case.type != "payroll"
    tax_code_id = work.catalogue.tax_codes[tax_code] if has_taxes else None
    return work.catalogue.wbs(project["id"], cost_code, cost_type), cost_type, tax_code_id, net, case.text


def _line(
    work: Work,
    project: Row,
    position: int,
    wbs: Row,
    cost_type: str,
    tax_code_id: int | None,
    net: Decimal,
    text: str,
) -> Row:
    code = wbs["flat_code"].partition(".")[0]
    cost_code = work.catalogue.cost_code(project["id"], code)
    return {
        "id": work.next_id("direct_line"),
        "amount": money(net),
        "description": text,
        "extended_type": "calculated",
        "quantity": "1.0",
        "unit_cost": money(net),
        "uom": "psch",
        "position": position,
        "tax_code_id": tax_code_id,
        "cost_code": {name: cost_code[name] for name in ("id", "name", "full_code")},
        "line_item_type": work.catalogue.cost_type(cost_type),
        "wbs_code": {name: wbs[name] for name in ("id", "flat_code", "description")},
        "ref": None,
    }


def _attach(work: Work, case: DirectCostCase, cost: Row) -> None:
    if case.name in ("no_attachment", "mirrored_direct_cost", "payroll"):
        return
    shown = [
        "Gutschrift" if case.name == "credit_direct_cost" else "Rechnung",
        cost["vendor_name"] or (cost["employee"] or {}).get("name", ""),
        f"Rechnungsnummer: {cost['invoice_number'] or ''}",
        f"Rechnungsdatum: {cost['direct_cost_date']}",
        f"Netto: {cost['amount']}",
        f"Brutto: {cost['grand_total']}",
    ]
    name = file_name("Beleg", cost["invoice_number"])
    work.add_file(cost["id"], name, "pdf", shown)
    if case.name == "two_files":
        work.add_file(cost["id"], f"Lieferschein_{cost['id'] % 10000}.jpg", "photo", [])
    if case.name == "xml_beside_pdf":
        facts = invoice_facts(cost, work.made.tables["vendors"][cost["vendor_id"]], work.rates())
        work.add_file(cost["id"], name.replace(".pdf", ".xml"), "xml", facts)
