"""Where messages may go: addresses of the forms that are allowed, and of no other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.notify.addresses import KINDS, Kind, Mail, Slack, Teams, Webhook, address_of, masked

MAIL = {"to": "books@example.com", "sender": "robot@example.com", "server": "smtp.example.com"}
FLOW = "/workflows/0af3/triggers/manual/paths/invoke"
SIGNED = "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=aB-c_9"
TEAMS = f"https://prod-12.westeurope.logic.azure.com:443{FLOW}{SIGNED}"
SLACK = "https://hooks.slack.com/services/T0/B1/c2"


def refused(kind: Kind, given: Mapping[str, str]) -> str:
    with pytest.raises(NeedsHuman) as error:
        address_of(kind, given)
    assert error.value.problem.key == "notify_field_unusable"
    assert set(error.value.problem.facts) == {"notify_kind", "notify_field"}
    return error.value.problem.facts["notify_field"]


@pytest.mark.parametrize(
    ("server", "host", "port", "security"),
    [
        ("smtp.example.com", "smtp.example.com", 587, "starttls"),
        ("smtp.example.com:25", "smtp.example.com", 25, "starttls"),
        ("smtp.example.com:465", "smtp.example.com", 465, "ssl"),
        ("localhost:25", "localhost", 25, "insecure"),
        ("127.0.0.1:465", "127.0.0.1", 465, "ssl"),
    ],
)
def test_mail_is_encrypted_but_on_this_machine(server: str, host: str, port: int, security: str) -> None:
    found = address_of("mail", {**MAIL, "server": server})
    assert found == Mail(MAIL["to"], MAIL["sender"], host, port, security)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("to", "books"),
            ("to", ""),
            ("to", "a@example.com, b@example.com"),
            ("to", "a@example.com\nBcc: b@c.de"),
        ),
        *(("sender", "Robot <robot@example.com>"), ("server", "smtp://smtp.example.com"), ("server", "x:0")),
        *(("server", "smtp.example.com/x"), ("server", ""), ("server", "smtp.example.com:99999")),
    ],
)
def test_a_mailbox_that_will_not_do_is_named_by_its_field(field: str, value: str) -> None:
    assert refused("mail", {**MAIL, field: value}) == f"mail_{field}"


def test_a_user_has_a_password_and_both_can_be_sent() -> None:
    assert refused("mail", {**MAIL, "user": "robot"}) == "mail_password"
    assert refused("mail", {**MAIL, "password": "x"}) == "mail_user"
    assert refused("mail", {**MAIL, "user": "robot", "password": "pässword"}) == "mail_password"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://example.com/x",
            "http://10.0.0.1/x",
            "http://169.254.169.254/latest",
            "ftp://example.com/x",
        ),
        *("file:///etc/passwd", "json://example.com", "//example.com", "https://", "https://exa mple.com"),
        *(
            "https://example.com/x#y",
            "https://example.com:port/x",
            "https://example.com/?a=%0a&b",
            "example.com",
        ),
        *("https://[::1", "mailto:a@example.com", "https://example.com/" + "x" * 2000),
    ],
)
def test_a_webhook_is_an_address_of_the_web_that_nobody_reads_on_the_way(address: str) -> None:
    assert refused("webhook", {"address": address}) == "webhook_address"


def test_a_webhook_keeps_what_stands_in_its_address() -> None:
    found = address_of("webhook", {"address": " https://me:p%40w@example.com:8443/in%2Fx?a=1&a=2&key=%26 "})
    query = (("a", "1"), ("a", "2"), ("key", "&"))
    assert found == Webhook(True, "example.com", 8443, "/in%2Fx", query, "me", "p%40w")
    here = address_of("webhook", {"address": "http://[::1]:8000"})
    assert here == Webhook(False, "[::1]", 8000, "/")


def test_teams_is_a_signed_workflow() -> None:
    found = address_of("teams", {"address": TEAMS})
    assert found == Teams(
        "prod-12.westeurope.logic.azure.com", 443, "0af3", "aB-c_9", "2016-06-01", False, None
    )
    newer = f"https://x.4c.environment.api.powerplatform.com:443/powerautomate/automations/direct/cu/7{FLOW}{SIGNED}"
    assert address_of("teams", {"address": newer}) == Teams(
        "x.4c.environment.api.powerplatform.com", 443, "0af3", "aB-c_9", "2016-06-01", True, "7"
    )


@pytest.mark.parametrize(
    "address",
    [
        TEAMS.replace("https", "http"),
        TEAMS.replace("logic.azure.com", "logic.azure.com.evil.example"),
        TEAMS.replace("prod-12.westeurope.logic.azure.com", "evil.example"),
        TEAMS.replace("&sig=aB-c_9", ""),
        TEAMS.replace("/triggers/", "/else/"),
        TEAMS.replace("https://", "https://me:x@"),
        "https://company.webhook.office.com/webhookb2/old",
    ],
)
def test_teams_is_nothing_else(address: str) -> None:
    assert refused("teams", {"address": address}) == "teams_address"


def test_what_else_stands_in_the_address_of_a_workflow_names_no_file_of_this_machine() -> None:
    more = address_of("teams", {"address": f"{TEAMS}&template=file:///etc/passwd"})
    assert more == address_of("teams", {"address": TEAMS})


def test_slack_is_an_incoming_webhook() -> None:
    assert address_of("slack", {"address": SLACK}) == Slack(("T0", "B1", "c2"), False)
    assert address_of("slack", {"address": SLACK.replace("slack.", "slack-gov.")}) == Slack(
        ("T0", "B1", "c2"), True
    )
    for wrong in (SLACK + "?template=/etc/passwd", SLACK.replace("com", "com.evil.example"), SLACK[:-3]):
        assert refused("slack", {"address": wrong}) == "slack_address"


def test_what_is_shown_of_an_address_does_not_lead_there() -> None:
    hook = "https://user:word@hooks.example.com/secret?key=secret"
    given: dict[Kind, dict[str, str]] = {
        "mail": MAIL,
        "webhook": {"address": hook},
        "teams": {"address": TEAMS},
        "slack": {"address": SLACK},
    }
    shown = {kind: masked(address_of(kind, given[kind])) for kind in KINDS}
    assert shown == {
        "mail": "b…@example.com",
        "webhook": "hooks.example.com/…",
        "teams": "prod-12.westeurope.logic.azure.com/…",
        "slack": "hooks.slack.com/…",
    }
