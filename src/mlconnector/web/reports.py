"""The reports of the JSON API: what `ml-connector report` shows, for other programs."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from mlconnector.flow.context.settings import Name
from mlconnector.flow.report import report_data
from mlconnector.flow.report.completeness_report import completeness_of
from mlconnector.flow.report.journal import journal_of
from mlconnector.flow.report.ledger_reports import balances_of, costs_of, open_items_of
from mlconnector.flow.report.vat_check import vat_of
from mlconnector.web import shapes, shapes_of_reports
from mlconnector.web.parts import Web

router = APIRouter(prefix="/connections/{name}/reports")


@router.get("/opos")
def report_open_items(
    name: Name,
    web: Web,
    on: date | None = None,
    planned: bool = False,
    all_items: bool = False,
    client: bool = False,
) -> shapes_of_reports.OpenItems:
    """Open items of debtors and creditors on a day; with `client` of all connections of the client."""
    report = open_items_of(
        web.application.services, name, on=on, planned=planned, all_items=all_items, whole_client=client
    )
    return shapes_of_reports.OpenItems.model_validate(report_data.open_item_data(report))


@router.get("/completeness")
def report_completeness(
    name: Name, web: Web, period: shapes.Period | None = None, client: bool = False
) -> shapes_of_reports.Completeness:
    """What the source has in a period, what was sent and accepted of it, and what explains the difference."""
    services = web.application.services
    report = completeness_of(services, name, period=period, whole_client=client)
    data = report_data.completeness_data(report, services.settings.language)
    return shapes_of_reports.Completeness.model_validate(data)


@router.get("/balances")
def report_balances(
    name: Name, web: Web, period: shapes.Period | None = None, client: bool = False
) -> shapes_of_reports.Balances:
    """Sums and balances of the accounts that were booked on in a period."""
    report = balances_of(web.application.services, name, period=period, whole_client=client)
    return shapes_of_reports.Balances.model_validate(report_data.balance_data(report))


@router.get("/bookings")
def report_bookings(
    name: Name,
    web: Web,
    period: shapes.Period | None = None,
    client: bool = False,
    limit: shapes.Limit = 100,
    page: shapes.OnPage = 1,
) -> shapes_of_reports.Bookings:
    """The bookings of a period (Primanota), row by row; what is not sent yet is among them."""
    services = web.application.services
    found = journal_of(services, name, period=period, whole_client=client, limit=limit, page=page)
    return shapes_of_reports.Bookings.model_validate(report_data.journal_data(found, limit=limit, page=page))


@router.get("/vat")
def report_vat(
    name: Name, web: Web, period: shapes.Period | None = None, client: bool = False
) -> shapes_of_reports.Vat:
    """What of each tax case was booked in a period, and whether the tax is what base and rate make."""
    report = vat_of(web.application.services, name, period=period, whole_client=client)
    return shapes_of_reports.Vat.model_validate(report_data.vat_data(report))


@router.get("/costs")
def report_costs(
    name: Name, web: Web, period: shapes.Period | None = None, client: bool = False
) -> shapes_of_reports.Costs:
    """What purchases that were booked in a period cost, by cost centre."""
    report = costs_of(web.application.services, name, period=period, whole_client=client)
    return shapes_of_reports.Costs.model_validate(report_data.cost_data(report))
