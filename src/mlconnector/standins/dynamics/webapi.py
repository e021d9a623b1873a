"""The Web API v9.2: every request is checked (token, headers, limits, membership), then led to its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mlconnector.standins.dynamics import papers
from mlconnector.standins.dynamics.answers import (
    Refusal,
    error,
    json_answer,
    missing_privilege,
    not_a_member,
    unknown_property,
    unknown_segment,
)
from mlconnector.standins.dynamics.entra import Entra
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.identities import (
    APPLICATION_USER_ID,
    BUSINESS_UNIT_ID,
    ORGANIZATION_ID,
    TENANT_ID,
    guid,
)
from mlconnector.standins.dynamics.limits import Limits
from mlconnector.standins.dynamics.metadata import Metadata
from mlconnector.standins.dynamics.pdf_export import export_pdf
from mlconnector.standins.dynamics.queries import Preferences, Query, parse_preferences, parse_query
from mlconnector.standins.dynamics.registrations import WRITABLE, Registrations
from mlconnector.standins.dynamics.schema import Table, collections, table_of_set
from mlconnector.standins.dynamics.shown import wire_value
from mlconnector.standins.dynamics.table_reads import Reader
from mlconnector.standins.dynamics.tracking import Tracker, is_tracking
from mlconnector.standins.statistics import Statistics

_GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PATH = re.compile(rf"(?P<set>\w+)(?:\((?P<id>{_GUID})\))?(?:/(?P<rest>[$\w/]+))?")


class WebApi:
    """Serves everything under `/api/data/v9.2/`."""

    def __init__(self, environment: Environment, entra: Entra, limits: Limits, statistics: Statistics):
        self.environment = environment
        self.entra = entra
        self.limits = limits
        self.statistics = statistics

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        self.statistics.count(request.method, re.sub(_GUID, "{id}", request.url.path))
        limited = False
        try:
            self._check_token(request)
            _check_headers(request.headers)
            limited = True
            self.limits.spend()
            if not self.environment.edited.is_member:
                raise not_a_member()
            answer = await self._answer(request)
        except Refusal as refused:
            answer = refused.answer()
        if limited:
            answer.headers.update(self.limits.headers())
        return answer

    def _check_token(self, request: Request) -> None:
        host = request.headers["host"]
        if not self.entra.check(request.headers.get("authorization", ""), host):
            challenge = (
                f"Bearer authorization_uri=http://{host}/{TENANT_ID}/oauth2/authorize, "
                f"resource_id=http://{host}/"
            )
            raise Refusal(401, None, {"WWW-Authenticate": challenge})

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        if request.method == "GET":
            return self._get(request, path)
        body = await request.body()
        if path == "ExportPdfDocument" and request.method == "POST":
            root = _root(request)
            context = f"{root}$metadata#Microsoft.Dynamics.CRM.ExportPdfDocumentResponse"
            return json_answer({"@odata.context": context, "PdfFile": export_pdf(self.environment, body)})
        return self._write(request, path, body)

    def _get(self, request: Request, path: str) -> Response:
        root = _root(request)
        query = parse_query(dict(request.query_params))
        preferences = parse_preferences(request.headers.get("prefer", ""))
        if path in ("WhoAmI", "WhoAmI()"):
            return json_answer(
                {
                    "@odata.context": f"{root}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
                    "BusinessUnitId": BUSINESS_UNIT_ID,
                    "UserId": APPLICATION_USER_ID,
                    "OrganizationId": ORGANIZATION_ID,
                }
            )
        if path.startswith("EntityDefinitions"):
            return json_answer(Metadata(self.environment, root).answer(path, query))
        table, identity, rest = _resolved(path)
        reader = Reader(self.environment, root)
        if identity is None:
            return self._collection(reader, table, rest, query, preferences)
        if rest is None:
            return json_answer(reader.record(table, identity, query, preferences))
        collection = collections(table.name).get(rest)
        if collection is not None:
            return json_answer(reader.related(table, identity, collection, query, preferences))
        return self._column(reader, table, identity, rest, request.headers)

    def _collection(
        self, reader: Reader, table: Table, rest: str | None, query: Query, preferences: Preferences
    ) -> Response:
        tracking = is_tracking(query, preferences)
        if rest == "$count":
            count = Tracker(reader).count(table, query) if tracking else reader.count(table, query)
            return Response(str(count), media_type="text/plain", headers={"OData-Version": "4.0"})
        if rest is not None:
            raise unknown_segment(rest)
        applied = _applied(preferences)
        if tracking:
            return json_answer(Tracker(reader).page(table, query, preferences), headers=applied)
        return json_answer(reader.collection(table, query, preferences), headers=applied)

    def _column(
        self, reader: Reader, table: Table, identity: str, rest: str, headers: Mapping[str, str]
    ) -> Response:
        name, _, raw = rest.partition("/")
        column = self.environment.columns[table.name].get(name)
        if column is None or column.type == "secret" or raw not in ("", "$value"):
            raise unknown_property(name, table.name) if column is None else unknown_segment(rest)
        reader.record(table, identity, Query(select=(column.property,)), Preferences())
        row = self.environment.row(table.name, identity)
        if row.get(name) is None:
            return Response(status_code=204)
        if column.type == "file" and raw:
            return _file(papers.content(row[name]["paper"]), row[name]["name"], headers)
        value = wire_value(row, column)
        if raw:
            return Response(str(value), media_type="text/plain")
        return json_answer(
            {"@odata.context": f"{reader.root}$metadata#{table.set}({identity})/{name}", "value": value}
        )

    def _write(self, request: Request, path: str, body: bytes) -> Response:
        table, identity, rest = _resolved(path)
        if rest is not None:
            raise unknown_segment(rest)
        if table.name not in WRITABLE or self.environment.privilege(table.name) == "none":
            privilege = table.privilege.replace("prvRead", "prvWrite")
            right = guid("privilege", privilege)
            raise missing_privilege(APPLICATION_USER_ID, privilege, right, table.name, table.code)
        registrations = Registrations(self.environment)
        if request.method == "POST" and identity is None:
            row = registrations.create(table, body)
            address = f"{_root(request)}{table.set}({row[table.key]})"
            if parse_preferences(request.headers.get("prefer", "")).representation:
                shown = Reader(self.environment, _root(request)).record(
                    table, row[table.key], Query(), Preferences()
                )
                return json_answer(shown, 201, {"OData-EntityId": address})
            return Response(status_code=204, headers={"OData-EntityId": address, "OData-Version": "4.0"})
        if identity is None or request.method not in ("PATCH", "DELETE"):
            raise error(405, "0x80060888", "The requested resource does not support this http method.")
        if request.method == "PATCH":
            registrations.change(table, identity, body)
        else:
            registrations.delete(table, identity)
        return Response(status_code=204, headers={"OData-Version": "4.0"})


def _check_headers(headers: Mapping[str, str]) -> None:
    for name in ("OData-Version", "OData-MaxVersion"):
        if not headers.get(name, "").startswith("4.0"):
            raise error(400, "0x80060888", f"The header {name} must be 4.0.")
    accepted = headers.get("accept", "")
    if not any(kind in accepted for kind in ("application/json", "*/*", "application/octet-stream")):
        raise error(415, "0x80060888", "A supported MIME type could not be found in the header Accept.")


def _resolved(path: str) -> tuple[Table, str | None, str | None]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise unknown_segment(path.partition("/")[0].partition("(")[0])
    table = table_of_set(match["set"])
    if table is None:
        raise unknown_segment(match["set"])
    return table, match["id"].lower() if match["id"] else None, match["rest"]


def _root(request: Request) -> str:
    return f"http://{request.headers['host']}/api/data/v9.2/"


def _applied(preferences: Preferences) -> dict[str, str]:
    applied = []
    if preferences.track_changes:
        applied.append("odata.track-changes")
    if preferences.page is not None:
        applied.append(f"odata.maxpagesize={preferences.page}")
    if preferences.annotations:
        applied.append(f'odata.include-annotations="{",".join(preferences.annotations)}"')
    return {"Preference-Applied": ",".join(applied)} if applied else {}


def _file(content: bytes, name: str, headers: Mapping[str, str]) -> Response:
    """A file column's bytes, whole or the range that was asked for."""
    described = {
        "x-ms-file-name": name.encode("ascii", "replace").decode(),
        "x-ms-file-size": str(len(content)),
    }
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if match is None:
        return Response(content, 200, described, "application/octet-stream")
    begin, end = int(match[1]), int(match[2]) if match[2] else len(content) - 1
    part = content[begin : end + 1]
    described["Content-Range"] = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
    return Response(part, 206, described, "application/octet-stream")
