"""Sending: a message to an address through Apprise, whose silent failures become problems.

The one module that knows Apprise. It answers with True or False and says why in its log alone; that log also
has addresses, so it is read here and goes nowhere else.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from apprise import AppriseAsset, NotifyBase, NotifyFormat
from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.slack import NotifySlack, SlackMode
from apprise.plugins.workflows import NotifyWorkflows

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.flow.notify.addresses import Address, Mail, Slack, Teams, Webhook
from mlconnector.flow.notify.wording import Message, markdown, plain
from mlconnector.model.problems import Problem

LONGEST_SECONDS = 60.0
"""How long a place gets for a message in all."""
_CONNECT_SECONDS, _READ_SECONDS = 10, 20
_APPLICATION = "ml-connector"
# The library has no types for what these are made with.
_MAIL: Callable[..., NotifyBase] = NotifyEmail
_WEBHOOK: Callable[..., NotifyBase] = NotifyJSON
_TEAMS: Callable[..., NotifyBase] = NotifyWorkflows
_SLACK: Callable[..., NotifyBase] = NotifySlack
_STATUS = re.compile(r"\berror=(\d{3})\b")
_REPLY = re.compile(r"\((\d{3}), b?['\"]")
_OUTAGES = (
    ("certificate", re.compile(r"certificate", re.IGNORECASE)),
    ("timeout", re.compile(r"timed? ?out", re.IGNORECASE)),
    ("name", re.compile(r"name or service not known|resolve|getaddrinfo|nodename", re.IGNORECASE)),
    ("refused", re.compile(r"refused", re.IGNORECASE)),
    ("encryption", re.compile(r"STARTTLS|SSL|TLS")),
)

_library = logging.getLogger("apprise")
_library.propagate = False
_library.setLevel(logging.DEBUG)


class _Heard(logging.Handler):
    """What the library says while one thread sends."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.thread: int | None = None
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.thread == self.thread:
            self.said.append(record.getMessage())


def send(address: Address, message: Message) -> None:
    """Send a message.

    Raises NeedsHuman where it did not get there: `notify_refused`, `notify_unreachable`, also after
    `LONGEST_SECONDS` in which the other side may have answered a little at a time, or
    `notify_address_refused` for an address that the library does not know. Raises Broken where it fails.
    """
    plugin, heard = _plugin(address), _Heard()
    outcome: list[bool | Exception] = []

    def work() -> None:
        heard.thread = threading.get_ident()
        try:
            outcome.append(_told(plugin, address, message))
        except Exception as error:  # noqa: BLE001 - it is raised below, where somebody hears it
            outcome.append(error)

    sender = threading.Thread(target=work, name="notify", daemon=True)
    _library.addHandler(heard)
    try:
        sender.start()
        sender.join(LONGEST_SECONDS)
    finally:
        _library.removeHandler(heard)
    if sender.is_alive():
        raise NeedsHuman(Problem("notify_unreachable", {"outage": "timeout"}))
    (ended,) = outcome
    if isinstance(ended, Exception):
        # What it says may have the address in it.
        raise Broken(f"a message could not be sent: {type(ended).__name__}") from None
    if not ended:
        raise NeedsHuman(_problem(heard.said))


def _told(plugin: NotifyBase, address: Address, message: Message) -> bool:
    if isinstance(plugin, NotifyJSON):
        plugin.payload_extras["notices"] = _as_data(message)
    in_markdown = isinstance(address, Teams)
    body = markdown(message) if in_markdown else plain(message)
    form = NotifyFormat.MARKDOWN if in_markdown else NotifyFormat.TEXT
    return bool(plugin.notify(body=body, title=message.title, body_format=form))


def _plugin(address: Address) -> NotifyBase:
    try:
        plugin = _made(address)
    except AppriseImproperlyConfigured:
        raise NeedsHuman(Problem("notify_address_refused")) from None
    if isinstance(plugin, NotifyEmail) and not plugin.targets:
        raise NeedsHuman(Problem("notify_address_refused"))
    return plugin


def _made(address: Address) -> NotifyBase:
    # The library takes what it is given for parts of an address, and removes the percent signs itself.
    asset = AppriseAsset(app_id=_APPLICATION, app_desc=_APPLICATION, app_url="", http_redirects=False)
    common: dict[str, Any] = {"asset": asset, "cto": _CONNECT_SECONDS, "rto": _READ_SECONDS, "store": "no"}
    match address:
        case Mail():
            return _MAIL(
                host=address.host,
                smtp_host=address.host,
                port=address.port,
                secure_mode=address.security,
                from_addr=address.sender,
                targets=[address.to],
                user=quote(address.user, safe="") or None,
                password=quote(address.password, safe="") or None,
                **common,
            )
        case Webhook():
            return _WEBHOOK(
                host=address.host,
                port=address.port,
                secure=address.is_encrypted,
                fullpath=address.path,
                params=_listed(address.query),
                user=address.user or None,
                password=address.password or None,
                **common,
            )
        case Teams():
            return _TEAMS(
                host=address.host,
                port=address.port,
                workflow=address.workflow,
                signature=address.signature,
                version=address.version,
                power_automate=address.is_direct,
                routing_id=address.route,
                include_image=False,
                **common,
            )
        case Slack():
            first, second, third = address.parts
            return _SLACK(
                token_a=first,
                token_b=second,
                token_c=third,
                mode=SlackMode.WEBHOOK_GOV if address.is_government else SlackMode.WEBHOOK,
                include_image=False,
                include_footer=False,
                **common,
            )


def _listed(query: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in query:
        found.setdefault(name, []).append(value)
    return found


def _as_data(message: Message) -> list[dict[str, str]]:
    return [
        {"occasion": one.occasion, "connection": one.connection, "text": one.text, "link": one.link}
        for one in message.lines
    ]


def _problem(said: list[str]) -> Problem:
    """Why a message did not get there, by a code or a word of ours: what was said has addresses in it."""
    text = "\n".join(line for line in said if line.startswith("Socket Exception"))
    for kind, pattern, told in (("HTTP", _STATUS, "\n".join(said)), ("SMTP", _REPLY, text)):
        if (found := pattern.search(told)) is not None:
            return Problem("notify_refused", {"answer": f"{kind} {found[1]}"})
    outage = next((name for name, pattern in _OUTAGES if pattern.search(text)), "other")
    return Problem("notify_unreachable", {"outage": outage})
