"""Registering webhooks: service endpoints, and the steps that say which event goes to them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from mlconnector.standins.dynamics.answers import error, no_such_record, unknown_property
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.paths import Paths
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import Table, table_of_set

WRITABLE = frozenset({"serviceendpoint", "sdkmessageprocessingstep"})
_REQUIRED = {
    "serviceendpoint": ("name", "contract", "url", "authtype", "authvalue", "connectionmode"),
    "sdkmessageprocessingstep": ("name", "sdkmessageid", "eventhandler", "stage", "mode", "rank"),
}
_DEFAULTS: dict[str, Row] = {
    "serviceendpoint": {"messageformat": 2, "userclaim": 1},
    "sdkmessageprocessingstep": {
        "statecode": 0,
        "statuscode": 1,
        "supporteddeployment": 0,
        "asyncautodelete": False,
    },
}
_BIND = re.compile(r"/?(\w+)\(([0-9a-fA-F-]{36})\)")
_WEBHOOK, _WEBHOOK_AUTHENTICATIONS = 8, (4, 5, 6)


class Registrations:
    """Creates, changes and deletes the rows of the two tables."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def create(self, table: Table, body: bytes) -> Row:
        """Add a row; raises Refusal."""
        values = self._values(table, body)
        for name in _REQUIRED[table.name]:
            if values.get(name) in (None, ""):
                raise error(400, "0x80040203", f"Attribute: {name} cannot be NULL")
        row = _DEFAULTS[table.name] | values
        row.setdefault(table.key, str(uuid4()))
        self._check(table, row)
        return self.environment.put(table.name, row)

    def change(self, table: Table, identity: str, body: bytes) -> Row:
        """Change columns of a row; raises Refusal."""
        row = self._present(table, identity) | self._values(table, body)
        self._check(table, row)
        return self.environment.put(table.name, row)

    def delete(self, table: Table, identity: str) -> None:
        """Delete a row; the steps of an endpoint go with it."""
        self._present(table, identity)
        if table.name == "serviceendpoint":
            for step in self.environment.children("sdkmessageprocessingstep", "eventhandler", identity):
                self.environment.remove("sdkmessageprocessingstep", step["sdkmessageprocessingstepid"])
        self.environment.remove(table.name, identity)

    def _present(self, table: Table, identity: str) -> Row:
        row = self.environment.rows[table.name].get(identity.lower())
        if row is None:
            raise no_such_record(table.name, identity)
        return row

    def _values(self, table: Table, body: bytes) -> Row:
        try:
            given = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as problem:
            message = "An error occurred while validating input parameters: invalid JSON."
            raise error(400, "0x80048d19", message) from problem
        values: Row = {}
        for name, value in given.items():
            if name.endswith("@odata.bind"):
                column, reference = self._bound(table, name.removesuffix("@odata.bind"), value)
                values[column] = reference
            elif name.startswith("@odata."):
                continue
            elif name in self.environment.columns[table.name] and not _is_lookup(
                self.environment, table, name
            ):
                values[name] = value
            else:
                message = f"Error identified in Payload provided by the user for Entity :'{table.set}'"
                raise error(400, "0x80048d19", f"{message}, undeclared property '{name}'.")
        return values

    def _bound(self, table: Table, name: str, value: Any) -> tuple[str, tuple[str, str]]:
        found = Paths(self.environment, table.name).single(name)
        if found is None:
            raise unknown_property(name, table.name)
        match = _BIND.fullmatch(str(value))
        target = table_of_set(match[1]) if match else None
        if match is None or target is None or target.name != found[1]:
            raise error(400, "0x80048d19", f"A bind value for property '{name}' has an incorrect type.")
        if match[2].lower() not in self.environment.rows[target.name]:
            raise no_such_record(target.name, match[2])
        return found[0].name, (target.name, match[2].lower())

    def _check(self, table: Table, row: Row) -> None:
        if table.name == "serviceendpoint":
            if row["contract"] != _WEBHOOK or row["authtype"] not in _WEBHOOK_AUTHENTICATIONS:
                raise error(400, "0x80048d19", "A webhook needs contract 8 and authtype 4, 5 or 6.")
            if not is_reachable(str(row["url"])):
                raise error(400, "0x80050203", f"The url {row['url']} of a webhook must use port 80 or 443.")
            return
        if row["stage"] not in (10, 20, 40) or row["mode"] not in (0, 1):
            raise error(400, "0x80040203", "Invalid stage or mode of a processing step.")
        chosen = row.get("sdkmessagefilterid")
        if chosen is None:
            return
        message = self.environment.row("sdkmessagefilter", chosen[1])["sdkmessageid"]
        if tuple(message) != tuple(row["sdkmessageid"]):
            raise error(400, "0x80044191", "SdkMessageFilter does not belong to the SdkMessage of the step.")


def is_reachable(url: str) -> bool:
    """Whether deliveries can go to `url`: TLS on its usual port, or this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.hostname in ("localhost", "127.0.0.1"):
        return parts.scheme in ("http", "https")
    return bool(parts.hostname) and (parts.scheme, port or 443) == ("https", 443)


def _is_lookup(environment: Environment, table: Table, name: str) -> bool:
    return environment.columns[table.name][name].type == "lookup"
