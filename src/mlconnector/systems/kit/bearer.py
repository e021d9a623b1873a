"""Bearer tokens: every request carries the access token of a login, renewed where it is refused."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.systems.kit.oauth import TokenKeeper, Tokens


class BearerAuth(httpx.Auth):
    """Sends the access token; after a 401 renews it once and repeats once."""

    def __init__(self, tokens: TokenKeeper) -> None:
        self._tokens = tokens

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with a token, and once more with a new one when the first was refused."""
        tokens = _for_another_request(self._tokens.current)
        request.headers["Authorization"] = f"Bearer {tokens.access_token}"
        answer = yield request
        if answer.status_code == 401:
            rejected = tokens.access_token
            tokens = _for_another_request(lambda: self._tokens.renewed(rejected))
            request.headers["Authorization"] = f"Bearer {tokens.access_token}"
            yield request


def _for_another_request(get: Callable[[], Tokens]) -> Tokens:
    """The request that the tokens are for was not sent or was refused: that much is known of its outcome."""
    try:
        return get()
    except ConnectorError as error:
        error.unsent = True
        if isinstance(error, RetryLater):
            error.outcome_unknown = False
        raise
