"""Each credential is tried by a real question before it is sealed; nobody out of reach refuses one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect import credentials
from mlconnector.flow.context.settings import ConnectionSettings, read_connection
from mlconnector.standins.base import Options
from mlconnector.standins.datev import SECRET
from mlconnector.standins.dynamics import CLIENT_SECRET, DynamicsStandIn
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive import API_TOKEN, CLIENT_ID
from tests.conformance.doors import served
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig

OAUTH = f'auth = "oauth"\nclient_id = "{CLIENT_ID}"'
NOWHERE = "http://127.0.0.1:9"


def tried(rig: Rig, settings: ConnectionSettings | None = None, /, **given: str) -> dict[str, str]:
    """What becomes of credentials: their outcome, or why they were not tested."""
    named = {name.replace("__", "."): value for name, value in given.items()}
    found = credentials.tested(rig.services, settings or rig.context.settings, named)
    return {one.name: one.step.cause or one.step.outcome for one in found}


def changed(rig: Rig, change: Callable[[str], str]) -> ConnectionSettings:
    return read_connection(change(rig.text), "test")


def by_oauth(rig: Rig) -> ConnectionSettings:
    return changed(
        rig,
        lambda text: text.replace(
            'auth = "api_token"', f'{OAUTH}\noauth_url = "{rig.outside.urls["pipedrive"]}"'
        ),
    )


def test_an_api_token_is_asked_whose_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    assert tried(rig, pipedrive__api_token=API_TOKEN) == {"pipedrive.api_token": "ok"}
    assert tried(rig, pipedrive__api_token="0" * 40) == {"pipedrive.api_token": "token_refused"}


def test_the_secret_of_an_app_is_tried_without_a_login(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    assert tried(rig, datev__client_secret=SECRET) == {"datev.client_secret": "ok"}
    assert tried(rig, datev__client_secret="wrong") == {"datev.client_secret": "app_secret_refused"}
    oauth = by_oauth(rig)
    assert tried(rig, oauth, pipedrive__client_secret="standin-secret") == {"pipedrive.client_secret": "ok"}
    assert tried(rig, oauth, pipedrive__client_secret="w") == {
        "pipedrive.client_secret": "app_secret_refused"
    }
    assert len(rig.datev.sessions) == 1, "no login began, and the one there is goes on"


def test_an_app_of_dynamics_asks_for_a_token(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with served(DynamicsStandIn(Options(records=1)).app) as url:
        scene = Scene({"dynamics": url, "datev": rig.outside.urls["datev"]})
        settings = read_connection(connection_text("dynamics", scene), "test")
        assert tried(rig, settings, dynamics__client_secret=CLIENT_SECRET) == {"dynamics.client_secret": "ok"}
        wrong = tried(rig, settings, dynamics__client_secret="wrong", dynamics__webhook_key="key")
        assert wrong == {
            "dynamics.client_secret": "entra_secret_wrong",
            "dynamics.webhook_key": "only_deliveries_prove",
        }


def test_what_only_deliveries_prove_is_kept_without_asking_anybody(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    asked = rig.pipedrive.statistics.gets
    assert tried(rig, pipedrive__webhook_key="key") == {"pipedrive.webhook_key": "only_deliveries_prove"}
    assert rig.pipedrive.statistics.gets == asked


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault("status", path="users/me", status=503, times=9), "out_of_order"),
        (Fault("status", path="users/me", status=402, body=b"{}", times=9), "account_closed"),
        (Fault("lose_answer", path="users/me", times=9), "no_answer"),
    ],
)
def test_who_does_not_answer_refuses_nothing(make_rig: MakeRig, fault: Fault, cause: str) -> None:
    rig = make_rig(1)
    rig.pipedrive.faults.add(fault)
    found = credentials.tested(rig.services, rig.context.settings, {"pipedrive.api_token": API_TOKEN})
    assert [(one.step.outcome, one.step.cause) for one in found] == [("skipped", cause)]
    credentials.refuse(found)


def test_an_address_where_nobody_is_refuses_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    far = changed(rig, lambda text: text.replace(rig.outside.urls["datev"], NOWHERE))
    assert tried(rig, far, datev__client_secret="any") == {"datev.client_secret": "connection_refused"}


def test_an_issuer_that_does_not_say_whom_it_knows_leaves_it_to_the_login(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "POST", "/token", status=400, body=b'{"error": "invalid_request"}'))
    assert tried(rig, datev__client_secret=SECRET) == {"datev.client_secret": "only_a_login_proves"}


def test_a_source_that_cannot_be_asked_leaves_it_to_the_ping(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    settings = rig.context.settings
    system = replace(settings.source_system, test_credentials=None)
    without = replace(settings, source_system=system)
    assert tried(rig, without, pipedrive__api_token="any") == {"pipedrive.api_token": "only_a_ping_proves"}


def test_refused_ones_are_named_with_what_was_said_of_them(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    given = {"pipedrive.api_token": "0" * 40, "datev.client_secret": "wrong"}
    with pytest.raises(NeedsHuman) as error:
        credentials.refuse(credentials.tested(rig.services, rig.context.settings, given))
    facts = error.value.problem.facts
    assert facts["names"] == "pipedrive.api_token, datev.client_secret"
    assert "Pipedrive: HTTP 401" in facts["answer"]
    assert "invalid_client" in facts["answer"]
    assert "0000" not in facts["answer"]


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u00a0"])
def test_blanks_are_no_credential(value: str) -> None:
    assert credentials.blank({"datev.client_secret": value, "pipedrive.api_token": "x"}) == [
        "datev.client_secret"
    ]
