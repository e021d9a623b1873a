"""The login of a service principal: a token from the workspace, renewed before its hour is over.

Asked for by our own HTTP, for the official client asks without a time limit, and then names no cause. Facts:
docs.databricks.com, OAuth machine-to-machine; the reply is that of RFC 6749, with HTTP Basic.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
from databricks.sdk.core import Config
from databricks.sdk.credentials_provider import CredentialsProvider, CredentialsStrategy

from mlconnector.errors import Broken, RetryLater
from mlconnector.systems.databricks.answers import SETTING, TITLE, Answers
from mlconnector.systems.kit.no_answer import silence

_PATH = "/oidc/v1/token"
_SECONDS, _BEFORE_ITS_END = 15.0, 120.0
_REFUSED = frozenset({400, 401, 403})


class Login(CredentialsStrategy):
    """Gives the official client the headers of its calls."""

    def __init__(self, host: str, client_id: str, secret: str, answers: Answers) -> None:
        self._host = host
        self._credentials = httpx.BasicAuth(client_id, secret)
        self._answers = answers
        self._token, self._good_until = "", 0.0
        self._lock = threading.Lock()

    def auth_type(self) -> str:
        """What the client calls it."""
        return "oauth-m2m"

    def __call__(self, _config: Config) -> CredentialsProvider:
        """The headers of a call."""
        provider: Callable[[], dict[str, str]] = lambda: {"Authorization": f"Bearer {self.token()}"}  # noqa: E731
        return provider

    def token(self) -> str:
        """A token that is good for some time yet.

        Raises NeedsHuman (`databricks_credentials_refused`), RetryLater, and Broken where somebody else
        than a workspace answers.
        """
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._renew()
            return self._token

    def _renew(self) -> None:
        form = {"grant_type": "client_credentials", "scope": "all-apis"}
        try:
            answer = httpx.post(f"{self._host}{_PATH}", data=form, auth=self._credentials, timeout=_SECONDS)
        except httpx.RequestError as error:
            raise silence(TITLE, error, SETTING) from error
        given = _read(answer)
        if answer.status_code in _REFUSED and "error" in given:
            words = ": ".join(str(given[name]) for name in ("error", "error_description") if name in given)
            raise self._answers.credentials_refused(words)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            after = answer.headers.get("Retry-After", "")
            raise RetryLater(
                f"{TITLE}: the login answered {answer.status_code}",
                after=float(after) if after.isdigit() else None,
            )
        token, seconds = given.get("access_token"), given.get("expires_in")
        if not answer.is_success or not isinstance(token, str) or not isinstance(seconds, int):
            raise Broken(f"{TITLE}: {self._host} answers {answer.status_code}, but is no workspace")
        self._token = token
        self._good_until = time.monotonic() + max(seconds - _BEFORE_ITS_END, seconds / 2)


def _read(answer: httpx.Response) -> dict[str, object]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
