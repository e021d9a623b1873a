"""The Statement Execution API: requests checked, answers with manifest and chunks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mlconnector.standins.databricks.answers import Row, invalid, missing
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.parameters import parameters
from mlconnector.standins.databricks.placing import Session, default_catalog
from mlconnector.standins.databricks.statements import Statement, Statements
from mlconnector.standins.databricks.warehouses import Warehouses

LARGEST_TEXT = 16 * 1024 * 1024
LINKS_LIVE = 900.0
_BASE = "/api/2.0/sql/statements"
_WAIT = re.compile(r"(\d+)s")


@dataclass
class StatementApi:
    """The endpoints of statements.

    `chunk_rows` is how many rows a chunk holds. `longest_wait` ends the waiting for a statement sooner than
    the client asked for, in seconds of the wall clock, so that no test waits.
    """

    statements: Statements
    warehouses: Warehouses
    catalog: str
    clock: Callable[[], float]
    chunk_rows: int = 10_000
    longest_wait: float | None = None
    links: dict[str, tuple[str, int, float]] = field(default_factory=dict)

    def routes(self) -> list[Api]:
        """The endpoints; older clients ask with a slash at the end."""
        return [
            Api("POST", _BASE, self._execute),
            Api("POST", f"{_BASE}/", self._execute),
            Api("GET", f"{_BASE}/{{id}}", self._get),
            Api("POST", f"{_BASE}/{{id}}/cancel", self._cancel),
            Api("GET", f"{_BASE}/{{id}}/result/chunks/{{chunk}}", self._chunk),
        ]

    async def serve_link(self, request: Request) -> Response:
        """A chunk behind a link that is signed; whoever sends a token too is refused."""
        if "authorization" in request.headers:
            return PlainTextResponse("InvalidArgument: Only one auth mechanism allowed", 400)
        statement_id, chunk, until = self.links.get(request.path_params["key"], ("", 0, 0.0))
        found = self.statements.find(statement_id)
        if found is None or self.clock() > until:
            return PlainTextResponse("AccessDenied: Request has expired", 403)
        return Response(msgspec.json.encode(self._rows(found, chunk)), media_type="application/json")

    def _execute(self, asked: Asked) -> Row:
        statement = self._read(asked)
        wait = _seconds(asked.body.get("wait_timeout", "10s"))
        on_timeout = asked.body.get("on_wait_timeout", "CONTINUE")
        if on_timeout not in {"CONTINUE", "CANCEL"}:
            raise invalid(f"on_wait_timeout is neither CONTINUE nor CANCEL: {on_timeout}")
        self.statements.submit(statement)
        if wait:
            longest = wait if self.longest_wait is None else min(wait, self.longest_wait)
            if not statement.done.wait(longest) and on_timeout == "CANCEL":
                statement.move("CANCELED")
        return self._shown(statement, asked)

    def _read(self, asked: Asked) -> Statement:
        text = str(asked.required("statement"))
        if len(text.encode()) > LARGEST_TEXT:
            raise invalid(f"The statement is longer than {LARGEST_TEXT} bytes.")
        disposition, kind = asked.body.get("disposition", "INLINE"), asked.body.get("format", "JSON_ARRAY")
        if disposition not in {"INLINE", "EXTERNAL_LINKS"}:
            raise invalid(f"Unknown disposition: {disposition}")
        if kind != "JSON_ARRAY":
            raise invalid(f"The format {kind} is not supported with disposition {disposition} here.")
        warehouse = self.warehouses.usable(str(asked.required("warehouse_id")), asked.principal)
        catalog = asked.body.get("catalog") or default_catalog(
            self.statements.sql.placing.unity, self.catalog
        )
        session = Session(asked.principal, str(catalog), str(asked.body.get("schema") or "default"))
        values, limit = parameters(asked.body.get("parameters")), asked.body.get("row_limit")
        return Statement(text, values, session, warehouse, disposition, kind, limit)

    def _get(self, asked: Asked) -> Row:
        return self._shown(self._found(asked), asked)

    def _cancel(self, asked: Asked) -> Row:
        self._found(asked).move("CANCELED")
        return {}

    def _chunk(self, asked: Asked) -> Row:
        found, given = self._found(asked), asked.path["chunk"]
        if found.state != "SUCCEEDED" or not given.isdigit() or int(given) >= self._count(found):
            raise missing(f"Chunk {given} of the statement {found.id} does not exist.")
        return self._result(found, int(given), asked)

    def _found(self, asked: Asked) -> Statement:
        found = self.statements.find(asked.path["id"])
        if found is None or found.session.principal != asked.principal:
            raise missing(f"The statement {asked.path['id']} was not found.")
        return found

    def _shown(self, statement: Statement, asked: Asked) -> Row:
        state = statement.state
        status: Row = {"state": state}
        shown: Row = {"statement_id": statement.id, "status": status}
        if state == "FAILED" and statement.error is not None:
            status["error"] = {"error_code": statement.error.code, "message": str(statement.error)}
            status["sql_state"] = statement.error.sql_state
        if state == "SUCCEEDED":
            shown["manifest"] = self._manifest(statement)
            shown["result"] = self._result(statement, 0, asked) if statement.result.rows else {}
        return shown

    def _manifest(self, statement: Statement) -> Row:
        result, count = statement.result, self._count(statement)
        chunks = [self._place(statement, chunk) for chunk in range(count)]
        return {
            "format": statement.format,
            "schema": {"column_count": len(result.columns), "columns": result.columns},
            "total_chunk_count": count,
            "chunks": chunks,
            "total_row_count": len(result.rows),
            "truncated": statement.is_truncated,
        }

    def _result(self, statement: Statement, chunk: int, asked: Asked) -> Row:
        shown = self._place(statement, chunk)
        if chunk + 1 < self._count(statement):
            link = (
                f"{_BASE}/{statement.id}/result/chunks/{chunk + 1}?row_offset={(chunk + 1) * self.chunk_rows}"
            )
            shown |= {"next_chunk_index": chunk + 1, "next_chunk_internal_link": link}
        if statement.disposition == "INLINE":
            return shown | {"data_array": self._rows(statement, chunk)}
        key, until = secrets.token_urlsafe(24), self.clock() + LINKS_LIVE
        self.links[key] = (statement.id, chunk, until)
        expiration = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        linked = {"external_link": f"{asked.base_url}/external/{key}", "expiration": expiration}
        return {"external_links": [shown | linked]}

    def _place(self, statement: Statement, chunk: int) -> Row:
        rows, first = len(statement.result.rows), chunk * self.chunk_rows
        return {
            "chunk_index": chunk,
            "row_offset": first,
            "row_count": min(self.chunk_rows, rows - first),
        }

    def _rows(self, statement: Statement, chunk: int) -> list[list[Any]]:
        first = chunk * self.chunk_rows
        return list(statement.result.rows[first : first + self.chunk_rows])

    def _count(self, statement: Statement) -> int:
        return -(-len(statement.result.rows) // self.chunk_rows)


def _seconds(given: object) -> int:
    """The seconds of a wait_timeout: none at all, or 5 to 50; raises Refusal for others."""
    found = _WAIT.fullmatch(str(given))
    seconds = int(found[1]) if found else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise invalid(f"wait_timeout must be 0s or between 5s and 50s: {given}")
    return seconds
