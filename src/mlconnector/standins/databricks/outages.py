"""What goes wrong in the original now and then, in its own words."""

from __future__ import annotations

import msgspec

from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.faults import Fault

_BUSY = {
    429: (
        "REQUEST_LIMIT_EXCEEDED",
        "Your request was rejected since your organization has exceeded the limit.",
    ),
    503: ("TEMPORARILY_UNAVAILABLE", "The service is temporarily unavailable."),
}


def busy(path: str, status: int, times: int, retry_after: str | None) -> Fault:
    """A refusal for the next calls of a path (a pattern); `status` is 429 or 503."""
    error_code, message = _BUSY[status]
    body = msgspec.json.encode({"error_code": error_code, "message": message})
    return Fault("status", path=path, status=status, times=times, retry_after=retry_after, body=body)


def concurrent_append() -> SqlError:
    """Another writer was quicker."""
    text = (
        "ConcurrentAppendException: Files were added to the root of the table by a concurrent update. "
        "Please try the operation again."
    )
    return SqlError("DELTA_CONCURRENT_APPEND", text, "2D521")
