"""Answers and refusals of the Web API: OData errors with their hexadecimal codes.

Codes and messages: Dataverse "Web service error codes" and answers seen in public code. Where only the code
or only the message is known the other is the nearest known one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response

HEX_BAD_QUERY = "0x80060888"
_JSON = "application/json; odata.metadata=minimal"
_encoder = msgspec.json.Encoder(decimal_format="number")


class Refusal(Exception):
    """The request is answered with an error: a status, a body and headers."""

    def __init__(self, status: int, body: dict[str, Any] | None, headers: Mapping[str, str] | None = None):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        """The refusal as an answer."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        return json_answer(self.body, self.status, self.headers)


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as a JSON answer of OData 4.0; Decimals become numbers with all their digits."""
    return Response(_encoder.encode(body), status, {"OData-Version": "4.0", **(headers or {})}, _JSON)


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """A refusal in the shape of OData."""
    return Refusal(status, {"error": {"code": code, "message": message}}, headers)


def bad_query(message: str) -> Refusal:
    """A query that cannot be carried out."""
    return error(400, HEX_BAD_QUERY, message)


def unknown_property(name: str, kind: str) -> Refusal:
    """A column or navigation property that the table does not have."""
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{kind}'.")


def unknown_segment(name: str) -> Refusal:
    """An address that leads nowhere."""
    return error(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def no_such_record(kind: str, identity: str) -> Refusal:
    """A record that does not exist."""
    return error(404, "0x80040217", f"Entity '{kind}' With Id = {identity} Does Not Exist")


def not_a_member() -> Refusal:
    """The app has no application user in this environment."""
    return error(403, "0x80072560", "The user is not a member of the organization.")


def missing_privilege(user: str, privilege: str, privilege_id: str, table: str, code: int) -> Refusal:
    """The security role lacks a right."""
    message = (
        f"Principal user (Id={user}, type=8, roleCount=1, privilegeCount=12, accessMode=4), is missing "
        f"{privilege} privilege (Id={privilege_id}) on OTC={code} for entity '{table}'. context.Caller={user}"
    )
    return error(403, "0x80040220", message)


def expired_version_stamp() -> Refusal:
    """The delta token is too old, or the table's definition has changed since."""
    message = "Version stamp associated with the client has expired. Please perform a full sync."
    return error(400, "0x80044352", message)


def throttled(code: str, message: str, after: float) -> Refusal:
    """A service protection limit is reached; `after` is in seconds."""
    return error(429, code, message, {"Retry-After": str(max(1, round(after)))})


def scaled(number: Decimal | int, places: int) -> Decimal:
    """A number as the Web API shows it, with all decimals of its column."""
    return Decimal(number).quantize(Decimal(1).scaleb(-places))
