"""Procore's REST API as far as a source needs it: every call names its company, every list its page size.

Facts: https://developers.procore.com/reference/rest and its pages on pagination and multiple zones. Lists end
where the answer has no link to a next page; a page may be shorter than what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from mlconnector.errors import Broken
from mlconnector.systems.kit import json_answers
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import Raw, parsed, records_in
from mlconnector.systems.kit.paging import all_pages
from mlconnector.systems.procore.lists import CONTRACTS
from mlconnector.systems.procore.names import SYSTEM, CommitmentKind, Project
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import (
    BillingPeriod,
    BudgetCode,
    ChangeOrder,
    Commitment,
    CostCode,
    CostLine,
    CostType,
    DirectCost,
    Payment,
    ProjectCurrency,
    ProjectRecord,
    Requisition,
    TaxCode,
    Vendor,
)

Shape = TypeVar("Shape")
Query = Mapping[str, str]

PAGE = 100
_COMPANY = "Procore-Company-Id"
# Hosts of Procore itself, whatever stands before these: only they get the token beside the API's own.
_OWN_DOMAINS = ("procore.com", "procoregov.com")


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a list, the address of the next one (None at the end), and how many rows all pages have."""

    rows: tuple[Raw, ...]
    following: str | None
    total: int | None = None


class Client:
    """Typed answers of all companies of an app; safe to share between threads. Raises the four errors."""

    def __init__(self, http: Http, settings: Settings, tokens: AppTokens) -> None:
        self._http = http
        self._tokens = tokens
        self._api = httpx.URL(settings.api_url)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()
        self._tokens.close()

    def projects(self, company: str) -> list[ProjectRecord]:
        """The projects of a company that the service account may see, closed ones too."""
        query = {"company_id": company, "filters[by_status]": "All"}
        return self._all(company, "/rest/v1.0/projects", query, ProjectRecord)

    def page(self, company: str, path: str, query: Query) -> Rows:
        """A page of a list, by its path and query."""
        return self._rows(company, f"{path}?{httpx.QueryParams({'per_page': str(PAGE), **query})}")

    def next_page(self, company: str, link: str) -> Rows:
        """The page behind a link that an earlier page gave. Raises Broken where it leads elsewhere."""
        return self._rows(company, self._own(link))

    def requisition(self, project: Project, id_: str) -> Requisition:
        """A requisition with its sums, lines and files. Raises NotFound."""
        query = {"project_id": project.id, "view": "extended"}
        return self._one(project, f"/rest/v1.1/requisitions/{id_}", query, Requisition)

    def requisitions_of(self, project: Project, commitment: str) -> list[Requisition]:
        """The requisitions of a commitment, without their lines."""
        query = {"project_id": project.id, "filters[commitment_id]": commitment}
        found = self._all(project.company, "/rest/v1.1/requisitions", query, Requisition)
        # A filter that was ignored would bring those of others.
        return [one for one in found if str(one.commitment_id) == commitment]

    def all_requisitions(self, project: Project) -> list[Requisition]:
        """All requisitions of a project, without their lines."""
        query = {"project_id": project.id}
        return self._all(project.company, "/rest/v1.1/requisitions", query, Requisition)

    def direct_cost(self, project: Project, id_: str) -> DirectCost:
        """A direct cost with its lines and files. Raises NotFound."""
        path = f"/rest/v1.1/projects/{project.id}/direct_costs/{id_}"
        return self._one(project, path, {}, DirectCost)

    def commitment(self, project: Project, kind: CommitmentKind, id_: str) -> Commitment:
        """A commitment with its lines. Raises NotFound."""
        return self._one(project, f"{CONTRACTS[kind]}/{id_}", {"project_id": project.id}, Commitment)

    def change_orders(self, project: Project, commitment: str) -> list[ChangeOrder]:
        """The change orders of a commitment, whatever their state."""
        path = f"/rest/v1.0/projects/{project.id}/commitment_change_orders"
        found = self._all(project.company, path, {"filters[contract_id]": commitment}, ChangeOrder)
        return [one for one in found if str(one.contract_id) == commitment]

    def change_order_lines(self, project: Project, change_order: str) -> list[CostLine]:
        """The lines of a change order."""
        where = f"/rest/v2.0/companies/{project.company}/projects/{project.id}"
        return self._all(
            project.company, f"{where}/commitment_change_orders/{change_order}/line_items", {}, CostLine
        )

    def payments(self, project: Project, commitment: str) -> list[Payment]:
        """The payments that were noted at a commitment."""
        query = {"project_id": project.id, "contract_id": commitment}
        return self._all(project.company, "/rest/v1.0/contract_payments", query, Payment)

    def vendor(self, company: str, id_: str) -> Vendor:
        """A vendor of the company, inactive ones too. Raises NotFound."""
        query = {"company_id": company, "view": "extended"}
        answer = self._get(company, f"/rest/v1.0/vendors/{id_}", query)
        return self._shaped(answer, Vendor)

    def billing_periods(self, project: Project) -> list[BillingPeriod]:
        """The billing periods of a project."""
        path = f"/rest/v1.0/projects/{project.id}/billing_periods"
        return self._all(project.company, path, {}, BillingPeriod)

    def tax_codes(self, company: str) -> list[TaxCode]:
        """The tax codes of a company; none where it has not switched the feature on."""
        return self._all(company, "/rest/v1.0/tax_codes", {"company_id": company}, TaxCode)

    def cost_types(self, project: Project) -> list[CostType]:
        """The cost types of a company, which are asked for by one of its projects."""
        query = {"company_id": project.company, "project_id": project.id}
        return self._all(project.company, "/rest/v1.0/line_item_types", query, CostType)

    def cost_codes(self, project: Project) -> list[CostCode]:
        """The cost codes of a project."""
        return self._all(project.company, "/rest/v1.0/cost_codes", {"project_id": project.id}, CostCode)

    def budget_codes(self, project: Project) -> list[BudgetCode]:
        """The budget codes of a project."""
        path = f"/rest/v1.0/projects/{project.id}/work_breakdown_structure/wbs_codes"
        return self._all(project.company, path, {}, BudgetCode)

    def currency(self, project: Project) -> ProjectCurrency:
        """The money of a project."""
        path = f"/rest/v1.0/companies/{project.company}/projects/{project.id}/currency_configuration"
        return self._one(project, path, {}, ProjectCurrency)

    def file(self, company: str, address: str, limit: int) -> bytes | None:
        """The bytes behind the address of a file; None where it has more than `limit`. Raises NotFound.

        The token goes to Procore's own hosts alone, never to a store that they redirect to.
        """
        arguments: dict[str, Any] = {"headers": {_COMPANY: company}} if self._is_own(address) else {}
        if self._is_own(address):
            arguments["auth"] = BearerAuth(self._tokens)
        return self._http.download(address, limit, **arguments)

    def send(
        self, method: str, company: str, path: str, *, query: Query | None = None, body: Raw | None = None
    ) -> Any:
        """Change something at Procore, once; gives the JSON of the answer, None where there is none."""
        answer = self._http.request(
            method, path, params=dict(query or {}), json=body, headers={_COMPANY: company}, repeat=False
        )
        return parsed(answer.content) if answer.content.strip() else None

    def read(self, company: str, path: str, query: Query) -> Any:
        """The JSON of an answer."""
        return self._get(company, path, query)

    def listed(self, company: str, path: str, query: Query, shape: type[Shape]) -> list[Shape]:
        """All records of a list."""
        return self._all(company, path, query, shape)

    def _one(self, project: Project, path: str, query: Query, shape: type[Shape]) -> Shape:
        return self._shaped(self._get(project.company, path, query), shape)

    def _all(self, company: str, path: str, query: Query, shape: type[Shape]) -> list[Shape]:
        def read(link: str | None) -> tuple[tuple[Raw, ...], str | None]:
            page = self.page(company, path, query) if link is None else self.next_page(company, link)
            return page.rows, page.following

        raw: Iterator[Raw] = all_pages(read, f"{SYSTEM}: the pages of {path}")
        return self._shaped(list(raw), list[shape])  # type: ignore[valid-type]  # a list of what is asked for

    def _rows(self, company: str, address: str) -> Rows:
        answer = self._http.request("GET", address, headers={_COMPANY: company})
        found = _content(answer)
        # Version 2 of the API wraps its lists.
        rows = found.get("data") if isinstance(found, dict) else found
        following = answer.links.get("next", {}).get("url")
        total = answer.headers.get("total", "")
        return Rows(tuple(records_in(rows, SYSTEM)), following, int(total) if total.isdigit() else None)

    def _get(self, company: str, path: str, query: Query) -> Any:
        found = _content(self._http.request("GET", path, params=dict(query), headers={_COMPANY: company}))
        is_wrapped = isinstance(found, dict) and set(found) == {"data"}
        return found["data"] if is_wrapped else found

    def _shaped(self, content: object, shape: type[Shape]) -> Shape:
        return json_answers.shaped(content, shape, SYSTEM)

    def _own(self, link: str) -> str:
        """The path of a link to a next page; its host may be another name of the API, but no other path."""
        try:
            url = self._api.join(link)
        except httpx.InvalidURL as error:
            raise Broken(f"{SYSTEM}: a link to the next page cannot be read: {error}") from error
        if not url.path.startswith("/rest/") or not self._is_own(str(url)):
            raise Broken(f"{SYSTEM}: a link to the next page leads elsewhere: {url.host}{url.path}")
        return url.raw_path.decode("ascii")

    def _is_own(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            return False
        host, api = (parts.hostname or "").lower(), self._api.host.lower()
        if (parts.scheme, host, port) == (self._api.scheme, api, self._api.port) or not parts.netloc:
            return True
        return parts.scheme == "https" and any(
            _below(host, domain) and _below(api, domain) for domain in _OWN_DOMAINS
        )


def _below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _content(answer: httpx.Response) -> Any:
    path = answer.request.url.path
    try:
        return parsed(answer.content)
    except ValueError as error:
        raise Broken(f"{SYSTEM} answered {path} with something else than JSON: {error}") from error
