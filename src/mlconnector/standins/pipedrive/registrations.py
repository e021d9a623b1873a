"""The registered webhooks of `/api/v1/webhooks`: list, create, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request

from mlconnector.standins.pipedrive.answers import Refusal, json_answer
from mlconnector.standins.pipedrive.endpoint import Api
from mlconnector.standins.pipedrive.query import Query, path_id
from mlconnector.standins.pipedrive.times import rfc3339
from mlconnector.standins.pipedrive.vocabulary import vocabulary
from mlconnector.standins.pipedrive.webhooks import is_reachable

MAXIMUM_WEBHOOKS = 40
_ACTIONS = ("create", "change", "delete", "*")
_OBJECTS = (
    "activity",
    "deal",
    "lead",
    "note",
    "organization",
    "person",
    "pipeline",
    "product",
    "stage",
    "user",
    "*",
)
_REQUIRED = ("subscription_url", "event_action", "event_object", "name")


class Webhook(msgspec.Struct):
    """A registration as the list shows it, password included."""

    id: int
    company_id: int
    owner_id: int
    user_id: int
    event_action: str
    event_object: str
    subscription_url: str
    version: str
    is_active: int
    add_time: str
    remove_time: str | None
    type: str
    http_auth_user: str | None
    http_auth_password: str | None
    remove_reason: str | None
    last_delivery_time: str | None
    last_http_status: int | None
    admin_id: int
    name: str


class Registrations:
    """The webhooks of the account."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.webhooks: list[Webhook] = []

    def routes(self) -> list[Api]:
        """All endpoints with their costs."""
        return [
            Api("GET", "/webhooks", 10, "admin", self.list),
            Api("POST", "/webhooks", 10, "admin", self.create),
            Api("DELETE", "/webhooks/{id}", 6, "admin", self.delete),
        ]

    async def list(self, request: Request) -> Any:
        """All webhooks of the company."""
        Query(request.query_params).finish()
        return {"status": "ok", "success": True, "data": self.webhooks}

    async def create(self, request: Request) -> Any:
        """Register a webhook."""
        try:
            given = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except msgspec.DecodeError as problem:
            raise _refused(400, "body", "invalid JSON") from problem
        _check(given)
        if len(self.webhooks) >= MAXIMUM_WEBHOOKS:
            raise _refused(422, "webhooks", f"limit of {MAXIMUM_WEBHOOKS} webhooks per user reached")
        webhook = self._registered(given, "general" if "x-api-token" in request.headers else "application")
        self.webhooks.append(webhook)
        return json_answer({"status": "ok", "success": True, "data": webhook}, 201)

    async def delete(self, request: Request) -> Any:
        """Remove a webhook."""
        webhook_id = path_id(request.path_params["id"])
        kept = [webhook for webhook in self.webhooks if webhook.id != webhook_id]
        if len(kept) == len(self.webhooks):
            raise _refused(404, "id", "not found")
        self.webhooks = kept
        return {"status": "ok", "success": True}

    def _registered(self, given: dict[str, Any], kind: str) -> Webhook:
        company = vocabulary().company
        user_id = given.get("user_id") or company.owner_ids[0]
        return Webhook(
            id=max((webhook.id for webhook in self.webhooks), default=0) + 1,
            company_id=company.id,
            owner_id=company.owner_ids[0],
            user_id=user_id,
            event_action=given["event_action"],
            event_object=given["event_object"],
            subscription_url=given["subscription_url"],
            version=given.get("version", "2.0"),
            is_active=1,
            add_time=rfc3339(self.clock()).replace("Z", ".000Z"),
            remove_time=None,
            type=kind,
            http_auth_user=given.get("http_auth_user"),
            http_auth_password=given.get("http_auth_password"),
            remove_reason=None,
            last_delivery_time=None,
            last_http_status=None,
            admin_id=company.owner_ids[0],
            name=given["name"],
        )


def _check(given: dict[str, Any]) -> None:
    for name in _REQUIRED:
        if not isinstance(given.get(name), str) or not given[name]:
            raise _refused(400, name, "required")
    if not is_reachable(given["subscription_url"]):
        raise _refused(400, "subscription_url", "invalid or non-reachable URL")
    for name, allowed in (
        ("event_action", _ACTIONS),
        ("event_object", _OBJECTS),
        ("version", ("1.0", "2.0")),
    ):
        if name in given and given[name] not in allowed:
            raise _refused(400, name, f"must be one of {', '.join(allowed)}")


def _refused(status: int, name: str, complaint: str) -> Refusal:
    return Refusal(status, {"status": "error", "success": False, "errors": {name: [complaint]}})
