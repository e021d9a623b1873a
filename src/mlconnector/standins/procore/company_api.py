"""The endpoints of the company: itself, its projects, vendors, cost types, taxes and periods."""

from __future__ import annotations

from mlconnector.standins.procore import shown
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.answers import not_found
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.identities import SERVICE_ACCOUNT_ID
from mlconnector.standins.procore.listing import Listing, Page
from mlconnector.standins.procore.records import Row

_PROJECTS = Listing(
    equal={"id": "id", "name": "name", "project_number": "project_number", "origin_id": "origin_id"}
)
_PROJECTS_V10 = Listing(equal={"id": "id", "name": "name", "origin_id": "origin_id"})
_VENDORS = Listing(equal={"id": "id", "origin_id": "origin_id"})
_PLAIN = Listing(ranges=(), equal={})
_TAXES = Listing(most=100, ranges=(), equal={})
_COST_CODES = Listing(ranges=(), equal={"id": "id", "origin_id": "origin_id"})
_WBS_CODES = Listing(ranges=("updated_at",), equal={}, statuses=("active", "inactive"))
_PERIODS = Listing(statuses=("open", "closed"))
VENDOR_VIEWS = ("normal", "compact", "erp", "extended", "directory", "summary")


class CompanyApi:
    """What bills refer to."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Api]:
        """The route table."""
        structure = "/rest/v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes"
        return [
            Api("GET", "/rest/v1.0/me", self._me),
            Api("GET", "/rest/v1.0/companies/{company_id}/me", self._me),
            Api("GET", "/rest/v1.0/companies", self._companies),
            Api("GET", "/rest/v1.0/projects", lambda asked: self._projects(asked, _PROJECTS_V10)),
            Api("GET", "/rest/v1.1/projects", lambda asked: self._projects(asked, _PROJECTS)),
            Api("GET", "/rest/v1.0/projects/{id}", self._project),
            Api("GET", "/rest/v1.0/vendors", self._vendors),
            Api("GET", "/rest/v1.0/vendors/inactive", lambda asked: self._vendors(asked, active=False)),
            Api("GET", "/rest/v1.0/vendors/{id}", self._vendor),
            Api("GET", "/rest/v1.0/projects/{project_id}/vendors", self._project_vendors),
            Api("GET", "/rest/v1.1/projects/{project_id}/vendors", self._project_vendors),
            Api(
                "GET",
                "/rest/v1.0/cost_codes",
                lambda asked: self._of_project(asked, "cost_codes", _COST_CODES),
            ),
            Api("GET", structure, lambda asked: self._of_project(asked, "wbs_codes", _WBS_CODES)),
            Api("GET", "/rest/v1.0/line_item_types", self._cost_types),
            Api("GET", "/rest/v1.0/tax_types", lambda asked: self._of_company(asked, "tax_types", _PLAIN)),
            Api("GET", "/rest/v1.0/tax_codes", lambda asked: self._of_company(asked, "tax_codes", _TAXES)),
            Api("GET", "/rest/v1.0/projects/{project_id}/billing_periods", self._periods),
            Api("GET", "/rest/v1.0/projects/{project_id}/billing_periods/{id}", self._period),
        ]

    def _me(self, asked: Asked) -> Row:
        if "company_id" in asked.path:
            asked.company()
        return {"id": SERVICE_ACCOUNT_ID, "login": "ml-connector@procore.example.com", "name": "ml-connector"}

    def _companies(self, asked: Asked) -> Page:
        row = shown.company() | {
            "is_active": True,
            "logo_url": None,
            "pcn_business_experience": False,
            "my_company": True,
        }
        return asked.page([row], _PLAIN)

    def _projects(self, asked: Asked, listing: Listing) -> Page:
        asked.company()
        status = asked.query.one_of("filters[by_status]", ("All", "Active", "Inactive")) or "All"
        rows = [
            row for row in asked.access.visible() if status == "All" or row["active"] == (status == "Active")
        ]
        return asked.page(rows, listing).shown(shown.project)

    def _project(self, asked: Asked) -> Row:
        asked.company()
        return shown.project_in_full(asked.access.project(asked.number("id")))

    def _vendors(self, asked: Asked, active: bool = True) -> Page:
        asked.company()
        view = asked.view(VENDOR_VIEWS)
        rows = [row for row in self.account.tables["vendors"].values() if row["is_active"] == active]
        search = (asked.query.text("filters[search]") or "").lower()
        rows = [row for row in rows if search in row["name"].lower()]
        return asked.page(rows, _VENDORS).shown(lambda row: shown.vendor(row, view))

    def _vendor(self, asked: Asked) -> Row:
        asked.company()
        return shown.vendor(asked.record(self.account.tables["vendors"]), asked.view(VENDOR_VIEWS))

    def _project_vendors(self, asked: Asked) -> Page:
        project, view = asked.project(), asked.view(("normal", "extended"))
        used = {
            row["vendor_id"]
            for row in self.account.tables["requisitions"].values()
            if row["project_id"] == project["id"]
        }
        used |= {
            row["vendor_id"]
            for row in self.account.tables["direct_costs"].values()
            if row["project"]["id"] == project["id"]
        }
        rows = [row for row in self.account.tables["vendors"].values() if row["id"] in used]
        return asked.page(rows, Listing(ranges=())).shown(lambda row: shown.vendor(row, view))

    def _of_project(self, asked: Asked, table: str, listing: Listing) -> Page:
        project = asked.project()
        rows = [row for row in self.account.tables[table].values() if row["_project_id"] == project["id"]]
        return asked.page(rows, listing).shown(shown.public)

    def _cost_types(self, asked: Asked) -> Page:
        asked.company()
        asked.project()
        return asked.page(list(self.account.tables["line_item_types"].values()), _PLAIN)

    def _of_company(self, asked: Asked, table: str, listing: Listing) -> Page:
        asked.company()
        return asked.page(list(self.account.tables[table].values()), listing)

    def _periods(self, asked: Asked) -> Page:
        project = asked.project()
        rows = self.account.tables["billing_periods"].values()
        return asked.page([row for row in rows if row["project_id"] == project["id"]], _PERIODS)

    def _period(self, asked: Asked) -> Row:
        project, row = asked.project(), asked.record(self.account.tables["billing_periods"])
        if row["project_id"] != project["id"]:
            raise not_found()
        return row
