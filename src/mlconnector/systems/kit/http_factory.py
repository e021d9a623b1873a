"""Where systems get their HTTP clients from.

Loading this loads no HTTP, which most commands do not need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from mlconnector.errors import ConnectorError

if TYPE_CHECKING:
    import httpx

    from mlconnector.systems.kit.http import Http


class HttpFactory(Protocol):
    """Makes clients that are wired to the technical log; given to systems by the application."""

    def __call__(
        self,
        system: str,
        base_url: str,
        *,
        explain: Callable[[httpx.Response], ConnectorError | None],
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        before_call: Callable[[], float] | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
    ) -> Http:
        """A client of `system` at `base_url`.

        `before_call` takes a call from a limit that others share: it gives 0 when the call may be made now,
        else after how many seconds to ask again. `after_answer` says how long the next call has to wait.
        """
