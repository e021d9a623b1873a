"""A message gets to a mail server and a webhook as it should, and where it does not, it is said why."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.flow.notify import sending
from mlconnector.flow.notify.addresses import Kind, address_of
from mlconnector.flow.notify.matters import Matter
from mlconnector.flow.notify.wording import message
from mlconnector.model.problems import Problem
from tests.conformance.doors import served
from tests.flow.notify.mailbox import PASSWORD, TO, USER, Mailbox, mail_server
from tests.flow.notify.test_addresses import SLACK, TEAMS

SAID = message([Matter("login_needed", "mine", "")], "books", "https://ml.example.com", "de")
CERTIFICATE = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"


def send(kind: Kind, **given: str) -> None:
    sending.send(address_of(kind, given), SAID)


def problem(kind: Kind, **given: str) -> Problem:
    with pytest.raises(NeedsHuman) as error:
        send(kind, **given)
    return error.value.problem


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


def mail(box: Mailbox, **changed: str) -> dict[str, str]:
    given = {
        "to": TO,
        "sender": "robot@example.com",
        "server": box.address,
        "user": USER,
        "password": PASSWORD,
    }
    return {**given, **changed}


def test_a_mail_is_plain_text_to_one_mailbox(box: Mailbox) -> None:
    send("mail", **mail(box))
    (arrived,) = box.mails
    assert (arrived["To"], arrived["From"]) == (TO, "robot@example.com")
    assert arrived["Subject"] == "ml-connector: Anmeldung nötig"
    assert arrived.get_content_type() == "text/plain"
    text = arrived.get_content()
    assert "mine: Jemand muss sich neu anmelden." in text
    assert "https://ml.example.com/console/connections/connection?connection=mine" in text


def test_a_mail_server_that_refuses_is_told_by_its_code(box: Mailbox) -> None:
    assert problem("mail", **mail(box, to="else@example.com")).facts == {"answer": "SMTP 550"}
    assert problem("mail", **mail(box, password="wrong")).facts == {"answer": "SMTP 535"}


class Log(logging.Handler):
    """The log of a process, as whoever runs it sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged from `INFO` on."""
    root, kept = logging.getLogger(), Log()
    before = root.level
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    yield kept.lines
    root.removeHandler(kept)
    root.setLevel(before)


def test_a_server_that_is_not_there_is_told_and_nothing_is_logged(box: Mailbox, log: list[str]) -> None:
    refused = Problem("notify_unreachable", {"outage": "refused"})
    assert problem("mail", **mail(box, server="127.0.0.1:9")) == refused
    assert problem("webhook", address="http://127.0.0.1:9/hook-of-ours") == refused
    assert log == []


class Hook:
    """A webhook that keeps what it is given, and answers with one status."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[tuple[str, Mapping[bytes, bytes], Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        path = f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}"
        self.requests.append((path, dict(scope["headers"]), json.loads(body)))
        headers = [(b"location", b"/elsewhere")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"an answer that is nobody's business"})


def test_a_webhook_gets_json_for_people_and_programs() -> None:
    hook = Hook()
    with served(hook) as url:
        address = f"{url.replace('//', '//me:p%40w@')}/in%2Fx?key=a%26b&key=c"
        send("webhook", address=address)
    ((path, headers, said),) = hook.requests
    assert path == "/in%2Fx?key=a%26b&key=c"
    assert headers[b"authorization"] == b"Basic bWU6cEB3"
    assert said["title"] == SAID.title
    assert said["message"].startswith("- mine: Jemand muss sich neu anmelden.")
    (notice,) = said["notices"]
    assert (notice["occasion"], notice["connection"]) == ("login_needed", "mine")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_or_leads_elsewhere_is_told_by_its_status(status: int) -> None:
    hook = Hook()
    hook.status = status
    with served(hook) as url:
        assert problem("webhook", address=f"{url}/x") == Problem(
            "notify_refused", {"answer": f"HTTP {status}"}
        )
    assert len(hook.requests) == 1


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would have been asked of services that stand at fixed addresses."""
    found: list[dict[str, Any]] = []

    def request(_session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        found.append({"method": method.upper(), "url": url, **options})
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"ok"
        return answer

    monkeypatch.setattr(requests.Session, "request", request)
    return found


def test_teams_gets_a_card_in_which_only_our_link_is_one(asked: list[dict[str, Any]]) -> None:
    send("teams", address=TEAMS)
    (one,) = asked
    assert one["url"] == TEAMS.partition("?")[0]
    assert one["params"]["sig"] == "aB-c_9"
    assert one["allow_redirects"] is False
    assert max(one["timeout"]) <= 20
    (card,) = json.loads(one["data"])["attachments"]
    title, body = card["content"]["body"]
    assert title["text"] == SAID.title
    assert "[Ansehen](https://ml.example.com/console/connections/connection?connection=mine)" in body["text"]


def test_slack_gets_text_without_markup(asked: list[dict[str, Any]]) -> None:
    send("slack", address=SLACK)
    (one,) = asked
    assert (one["url"], one["allow_redirects"]) == (SLACK, False)
    (said,) = json.loads(one["data"])["attachments"]
    assert said["title"] == SAID.title
    assert said["text"].startswith("- mine: Jemand muss sich neu anmelden.")


def test_a_certificate_that_is_not_trusted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any, **_options: Any) -> None:
        raise requests.exceptions.SSLError(CERTIFICATE)

    monkeypatch.setattr(requests.Session, "request", refuse)
    assert problem("slack", address=SLACK).facts == {"outage": "certificate"}


def test_a_place_that_never_ends_to_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(requests.Session, "request", lambda *_given, **_options: time.sleep(0.3))
    assert problem("slack", address=SLACK).facts == {"outage": "timeout"}


def test_a_fault_of_the_library_is_not_swallowed_and_says_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any, **_options: Any) -> None:
        raise ValueError(SLACK)

    monkeypatch.setattr(requests.Session, "request", fail)
    with pytest.raises(Broken) as error:
        send("slack", address=SLACK)
    assert str(error.value) == "a message could not be sent: ValueError"
