"""Registering webhooks in Procore: a hook for each project, with a trigger for each event that it offers.

Facts: https://developers.procore.com/documentation/webhooks-api. Which resources there are differs by account
and by project, and a list from a live account had none for requisitions: what is not offered is told, and the
polls find it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.connection import connected
from mlconnector.systems.procore.names import SYSTEM, TITLE, Project
from mlconnector.systems.procore.projects import visible
from mlconnector.systems.procore.settings import Settings, Webhook
from mlconnector.systems.procore.shapes import Hook, Trigger, text
from mlconnector.systems.source import SourceContext

HOOKS = "/rest/v1.0/webhooks/hooks"
# Under which names a source remembers its hooks, by project, and what is not offered.
KNOWN = "webhooks"
NOT_OFFERED = "webhooks_not_offered"
# Direct costs of a company, over several projects, which no list of the API has.
OF_COMPANIES = "direct_costs_of_companies"
_RESOURCES = "/rest/v1.0/webhooks/resources"
_COMPANY_COSTS = "Company Direct Cost"
_WANTED = ("Requisitions", "Direct Costs", "Work Order Contracts", "Purchase Order Contracts")
_EVENTS = ("create", "update", "delete")
_VERSION = "v2"


def register(context: SourceContext, address: str) -> Sequence[str]:
    """Let changes in all projects be told to an address; returns the events, and remembers what is missing.

    What is there already is kept, with the key of now. Raises the four errors.
    """
    settings: Settings = context.settings
    key = context.secrets.get("webhook_key", "")
    if settings.webhook is None or not key:
        raise NeedsHuman(Problem("webhook_not_set_up", {"system": TITLE}))
    told: dict[str, None] = {}
    missing: dict[str, None] = {}
    of_companies: dict[str, None] = {}
    hooks: dict[str, str] = {}
    with _opened(context) as client:
        for project in visible(client, settings):
            offered = _offered(client, project)
            of_companies |= dict.fromkeys(one for one in offered if one.startswith(_COMPANY_COSTS))
            hook = _hook(client, project, settings.webhook.namespace, address, key)
            hooks[f"{project.company}/{project.id}"] = hook
            there = {_event(one) for one in _triggers(client, project, hook)}
            for resource in _WANTED:
                if resource not in offered:
                    missing[resource] = None
                for event in offered.get(resource, ()):
                    if f"{resource}/{event}" not in there:
                        _add_trigger(client, project, hook, resource, event)
                    told[f"{resource}/{event}"] = None
    context.memory.remember(KNOWN, hooks)
    context.memory.remember(NOT_OFFERED, list(missing))
    context.memory.remember(OF_COMPANIES, list(of_companies))
    return list(told)


def unregister(context: SourceContext, address: str) -> Sequence[str]:
    """Let nothing more be told to an address; returns the events that were. Raises the four errors."""
    settings: Settings = context.settings
    told: dict[str, None] = {}
    with _opened(context) as client:
        for project in visible(client, settings):
            for hook in _hooks(client, project, _namespace(settings), address):
                id_ = text(hook.id)
                for one in _triggers(client, project, id_):
                    told[_event(one)] = None
                client.send("DELETE", project.company, f"{HOOKS}/{id_}", query=_of(project))
    context.memory.remember(KNOWN, None)
    context.memory.remember(NOT_OFFERED, None)
    context.memory.remember(OF_COMPANIES, None)
    return list(told)


@contextmanager
def _opened(context: SourceContext) -> Iterator[Client]:
    client = connected(context)
    try:
        yield client
    finally:
        client.close()


def _of(project: Project) -> dict[str, str]:
    return {"project_id": project.id}


def _offered(client: Client, project: Project) -> dict[str, list[str]]:
    """The events of each resource that a project offers."""
    rows = client.read(project.company, _RESOURCES, _of(project))
    found: dict[str, list[str]] = {}
    for row in rows if isinstance(rows, list) else []:
        name = row.get("resource_name") or row.get("name") or row.get("tools")
        if isinstance(name, str):
            lacking = row.get("except") or []
            found[name] = [event for event in _EVENTS if event not in lacking and row.get(event, True)]
    return found


def _namespace(settings: Settings) -> str:
    return (settings.webhook or Webhook()).namespace


def _hooks(client: Client, project: Project, namespace: str, address: str) -> list[Hook]:
    # Without a namespace those of Procore's own are listed, and never ours.
    query = {**_of(project), "namespace": namespace}
    listed = client.listed(project.company, HOOKS, query, Hook)
    return [one for one in listed if one.destination_url == address]


def _hook(client: Client, project: Project, namespace: str, address: str, key: str) -> str:
    values = {
        "api_version": _VERSION,
        "namespace": namespace,
        "destination_url": address,
        "destination_headers": {"Authorization": f"Bearer {key}"},
    }
    there = _hooks(client, project, namespace, address)
    if there:
        id_ = text(there[0].id)
        body: dict[str, Any] = {"project_id": int(project.id), "hook": values}
        client.send("PATCH", project.company, f"{HOOKS}/{id_}", body=body)
        return id_
    body = {"project_id": int(project.id), "hook": values}
    made = client.send("POST", project.company, HOOKS, body=body)
    if not isinstance(made, dict) or "id" not in made:
        raise Broken(f"{SYSTEM} did not say which hook it has made")
    return text(made["id"])


def _triggers(client: Client, project: Project, hook: str) -> list[Trigger]:
    return client.listed(project.company, f"{HOOKS}/{hook}/triggers", _of(project), Trigger)


def _event(trigger: Trigger) -> str:
    """What a trigger tells of; its event is written in capitals in some answers."""
    return f"{trigger.resource_name}/{(trigger.event_type or '').lower()}"


def _add_trigger(client: Client, project: Project, hook: str, resource: str, event: str) -> None:
    trigger = {"resource_name": resource, "event_type": event}
    body = {"project_id": int(project.id), "api_version": _VERSION, "trigger": trigger}
    client.send("POST", project.company, f"{HOOKS}/{hook}/triggers", body=body)
