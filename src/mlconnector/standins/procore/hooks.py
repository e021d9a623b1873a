"""The hooks and triggers that somebody set up, each within the company or within one project."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from mlconnector.standins.procore.answers import json_answer, not_found, refusal
from mlconnector.standins.procore.deliveries import Deliveries
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.events import EVENTS, VERSIONS, Resource, known_resources
from mlconnector.standins.procore.identities import COMPANY_ID, SERVICE_ACCOUNT_ID, number
from mlconnector.standins.procore.listing import Listing, Page
from mlconnector.standins.procore.records import Row

ROOT = "/rest/v1.0/webhooks"
_NAMESPACE = re.compile(r"[a-z0-9-]+")
_VERSION_2 = Listing(usual=10, most=100, ranges=(), equal={})
_OUTCOMES = {
    "any": ("ok", "retried", "failed", "discarded"),
    "successful": ("ok",),
    "failing": ("retried", "failed"),
    "discarded": ("discarded",),
}


class Hooks:
    """The endpoints of webhooks; with `offers_requisitions` a hook may also be about requisitions."""

    def __init__(self, deliveries: Deliveries) -> None:
        self.deliveries = deliveries
        self.offers_requisitions = False
        self.made = 0

    def routes(self) -> list[Api]:
        """The route table."""
        hook, trigger = f"{ROOT}/hooks/{{hook_id}}", f"{ROOT}/hooks/{{hook_id}}/triggers"
        company = "/rest/v2.0/companies/{company_id}"
        return [
            Api("GET", f"{ROOT}/resources", self._resources),
            Api("GET", f"{company}/webhooks/resources", self._resources_v2),
            Api("GET", f"{company}/projects/{{project_id}}/webhooks/resources", self._resources_v2),
            Api("GET", f"{ROOT}/hooks", self._list),
            Api("POST", f"{ROOT}/hooks", self._create),
            Api("PATCH", hook, self._update),
            Api("DELETE", hook, self._delete),
            Api("GET", trigger, self._triggers),
            Api("POST", trigger, self._add_trigger),
            Api("DELETE", f"{trigger}/{{id}}", self._delete_trigger),
            Api("GET", f"{hook}/deliveries", self._deliveries),
        ]

    def offered(self, level: str) -> list[Resource]:
        """What can be hooked at a level."""
        rows = [each for each in known_resources() if each.level == level]
        if self.offers_requisitions and level == "project":
            rows.append(Resource(level, "Requisitions", EVENTS))
        return rows

    def _resources(self, asked: Asked) -> list[Row]:
        level = "project" if _scope(asked, asked.query.whole)["owned_by_project_id"] else "company"
        return [
            {
                "name": each.name,
                "api_version": "v2",
                "product_category": "Project Financials",
                "tools": each.name,
                "except": [event for event in EVENTS if event not in each.events],
                **{event: f"{each.name} {event}" for event in EVENTS},
            }
            for each in self.offered(level)
        ]

    def _resources_v2(self, asked: Asked) -> Page:
        asked.company()
        level = "company"
        if "project_id" in asked.path:
            asked.project()
            level = "project"
        version = asked.query.one_of("payload_version", ("v2.0", "v3.0", "v4.0"))
        if version is None:
            raise refusal(400, "param is missing or the value is empty: payload_version")
        rows = [
            {
                "category": "Project Financials",
                "tool": each.name,
                "name": each.name,
                "payload_version": version,
                "actions": list(each.events),
            }
            for each in self.offered(level)
        ]
        return asked.page(rows, _VERSION_2).wrapped()

    def _list(self, asked: Asked) -> list[Row]:
        scope = _scope(asked, asked.query.whole)
        namespace = asked.query.text("namespace") or "procore"
        return [
            _masked(hook)
            for hook in self.deliveries.hooks
            if scope.items() <= hook.items() and hook["namespace"] == namespace
        ]

    def _create(self, asked: Asked) -> Response:
        scope, given = _scope(asked, _of_body(asked)), asked.given("hook")
        hook = _checked(given | {"namespace": given.get("namespace") or "procore"})
        self.made += 1
        hook |= {"id": number("hook", self.made), "owned_by_user_id": SERVICE_ACCOUNT_ID} | scope
        self.deliveries.hooks.append(hook)
        return _created(_masked(hook))

    def _update(self, asked: Asked) -> Row:
        hook = self._found(asked, _of_body(asked))
        hook |= _checked({name: hook[name] for name in _GIVEN} | asked.given("hook"))
        return _masked(hook)

    def _delete(self, asked: Asked) -> Response:
        hook = self._found(asked, asked.query.whole)
        self.deliveries.hooks.remove(hook)
        self.deliveries.triggers = [
            each for each in self.deliveries.triggers if each["webhook_hook_id"] != hook["id"]
        ]
        return Response(status_code=200)

    def _triggers(self, asked: Asked) -> list[Row]:
        return self._of_hook(self._found(asked, asked.query.whole))

    def _add_trigger(self, asked: Asked) -> Response:
        hook, given = self._found(asked, _of_body(asked)), asked.given("trigger")
        level = "project" if hook["owned_by_project_id"] else "company"
        events = {each.name: each.events for each in self.offered(level)}
        name, event = str(given.get("resource_name", "")), str(given.get("event_type", "")).lower()
        if event not in events.get(name, ()):
            raise refusal(422, f"resource_name or event_type is not valid: {name} {event}")
        self.made += 1
        trigger = {
            "id": number("trigger", self.made),
            "webhook_hook_id": hook["id"],
            "resource_name": name,
            "resource_id": None,
            "event_type": event.upper(),
            "company_id": hook["owned_by_company_id"],
            "project_id": hook["owned_by_project_id"],
            "user_id": SERVICE_ACCOUNT_ID,
        }
        self.deliveries.triggers.append(trigger)
        return _created(trigger)

    def _delete_trigger(self, asked: Asked) -> Response:
        hook = self._found(asked, asked.query.whole)
        for trigger in self._of_hook(hook):
            if trigger["id"] == asked.number("id"):
                self.deliveries.triggers.remove(trigger)
                return Response(status_code=200)
        raise not_found()

    def _deliveries(self, asked: Asked) -> list[Row]:
        hook = self._found(asked, asked.query.whole)
        status = asked.query.text("filters[status]") or asked.query.text("filter[status]") or "any"
        if status not in _OUTCOMES:
            raise refusal(400, f"filters[status] must be one of {', '.join(_OUTCOMES)}")
        size, start = asked.query.whole("page_size") or 100, asked.query.whole("page_start") or 0
        rows = self.deliveries.log(hook["id"])
        kept = [row for row in rows if row["outcome"] in _OUTCOMES[status] and row["event_id"] > start]
        return kept[:size]

    def _of_hook(self, hook: Row) -> list[Row]:
        return [each for each in self.deliveries.triggers if each["webhook_hook_id"] == hook["id"]]

    def _found(self, asked: Asked, given: Callable[[str], Any]) -> Row:
        """The hook of the path, which must be of the scope that was named; raises Refusal."""
        scope = _scope(asked, given)
        for hook in self.deliveries.hooks:
            if hook["id"] == asked.number("hook_id") and scope.items() <= hook.items():
                return hook
        raise not_found()


_GIVEN = ("api_version", "namespace", "destination_url", "destination_headers")


def _checked(given: Row) -> Row:
    """A hook as it is kept; raises Refusal where something is missing or wrong."""
    version = VERSIONS.get(str(given.get("payload_version") or given.get("api_version") or "v2"))
    url, headers = str(given.get("destination_url", "")), given.get("destination_headers") or {}
    if version is None:
        raise refusal(422, "api_version is not valid")
    if not url.startswith(("https://", "http://")):
        raise refusal(422, "destination_url is not valid")
    if not _NAMESPACE.fullmatch(str(given.get("namespace"))):
        raise refusal(422, "namespace is not valid")
    if not isinstance(headers, dict):
        raise refusal(422, "destination_headers is not valid")
    return {
        "api_version": version if version != "v2.0" else "v2",
        "namespace": given["namespace"],
        "destination_url": url,
        "destination_headers": headers,
    }


def _of_body(asked: Asked) -> Callable[[str], Any]:
    return lambda name: asked.body.get(name) if isinstance(asked.body, dict) else None


def _scope(asked: Asked, given: Callable[[str], Any]) -> Row:
    """Company or project, one of which has to be named; a project counts where both are."""
    company_id, project_id = given("company_id"), given("project_id")
    if company_id is None and project_id is None:
        raise refusal(400, "You must supply either a company_id or project_id")
    if company_id is not None:
        asked.access.check_company(_whole(company_id))
    if project_id is None:
        return {"owned_by_company_id": COMPANY_ID, "owned_by_project_id": None}
    project = asked.access.project(_whole(project_id))
    return {"owned_by_company_id": None, "owned_by_project_id": project["id"]}


def _whole(value: Any) -> int:
    if not str(value).isdigit():
        raise refusal(400, f"{value} is not an id")
    return int(value)


def _masked(hook: Row) -> Row:
    """A hook as it is shown: of a secret header its last five characters."""
    headers = {
        name: "*" * max(len(value) - 5, 0) + value[-5:] for name, value in hook["destination_headers"].items()
    }
    return hook | {"destination_headers": headers}


def _created(row: Row) -> Response:
    return json_answer(row, 201)
