from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.systems.dynamics.webhook_setup import register, unregister
from mlconnector.systems.source import SourceContext
from tests.systems.dynamics.rig import WEBHOOK_KEY, DynamicsRig, dynamics_rig

ADDRESS = "https://connector.example.com/webhooks/my-dynamics"
EVENTS = ["Create invoice", "Update invoice", "Delete invoice", "ConvertSalesOrderToInvoice salesorder"]


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig(records=3) as rig:
        yield rig


def context(rig: DynamicsRig, secrets: dict[str, str] | None = None, **settings: Any) -> SourceContext:
    outside = rig.outside
    return SourceContext(
        settings=rig.system.settings_model.model_validate({**rig.settings, **settings}),
        secrets={**rig.secrets, **(secrets or {})},
        tokens=outside.tokens,
        http=outside.http,
        memory=outside.memory,
        now=outside.time.now,
        budget=outside.budget,
    )


def rows(rig: DynamicsRig, table: str) -> list[dict[str, Any]]:
    return list(rig.standin.environment.rows[table].values())


def test_the_source_can_be_asked(rig: DynamicsRig) -> None:
    assert rig.system.register_webhook is not None
    assert rig.system.unregister_webhook is not None
    assert rig.system.register_webhook(context(rig), ADDRESS) == EVENTS
    assert sorted(rig.system.unregister_webhook(context(rig), ADDRESS)) == sorted(EVENTS)


def test_invoices_are_told_to_the_address_with_its_key(rig: DynamicsRig) -> None:
    assert register(context(rig), ADDRESS) == EVENTS
    (endpoint,) = rows(rig, "serviceendpoint")
    assert endpoint["url"] == ADDRESS
    assert endpoint["authvalue"] == (
        f'<settings><setting name="X-ML-Connector-Key" value="{WEBHOOK_KEY}" /></settings>'
    )
    assert {step["mode"] for step in rows(rig, "sdkmessageprocessingstep")} == {1}
    assert WEBHOOK_KEY not in rig.outside.log.text()


def test_registering_again_doubles_nothing_and_takes_the_new_key(rig: DynamicsRig) -> None:
    register(context(rig), ADDRESS)
    assert register(context(rig, {"webhook_key": 'another <"key">'}), ADDRESS) == EVENTS
    (endpoint,) = rows(rig, "serviceendpoint")
    assert "another &lt;" in endpoint["authvalue"]
    assert len(rows(rig, "sdkmessageprocessingstep")) == len(EVENTS)


def test_what_is_missing_is_added(rig: DynamicsRig) -> None:
    register(context(rig), ADDRESS)
    removed = rows(rig, "sdkmessageprocessingstep")[1]
    rig.standin.environment.remove("sdkmessageprocessingstep", removed["sdkmessageprocessingstepid"])
    assert register(context(rig), ADDRESS) == EVENTS
    assert len(rows(rig, "sdkmessageprocessingstep")) == len(EVENTS)


def test_an_event_that_the_environment_does_not_know_is_left_out(rig: DynamicsRig) -> None:
    unknown = next(row for row in rows(rig, "sdkmessage") if row["name"] == "ConvertSalesOrderToInvoice")
    rig.standin.environment.remove("sdkmessage", unknown["sdkmessageid"])
    assert register(context(rig), ADDRESS) == EVENTS[:3]


def test_unregistering_leaves_those_of_others_alone(rig: DynamicsRig) -> None:
    register(context(rig), ADDRESS)
    register(context(rig), f"{ADDRESS}-too")
    assert sorted(unregister(context(rig), ADDRESS)) == sorted(EVENTS)
    assert [row["url"] for row in rows(rig, "serviceendpoint")] == [f"{ADDRESS}-too"]
    assert len(rows(rig, "sdkmessageprocessingstep")) == len(EVENTS)
    assert unregister(context(rig), ADDRESS) == []


@pytest.mark.parametrize(
    ("settings", "secrets", "address", "key"),
    [
        ({"webhook": None}, {}, ADDRESS, "webhook_not_set_up"),
        ({}, {"webhook_key": ""}, ADDRESS, "webhook_not_set_up"),
        (
            {"environment": "https://a.crm4.dynamics.com"},
            {},
            "http://localhost:8080/x",
            "webhook_address_unreachable",
        ),
        (
            {"environment": "https://a.crm4.dynamics.com"},
            {},
            "https://a.de:8443/x",
            "webhook_address_unreachable",
        ),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_asked(
    rig: DynamicsRig, settings: dict[str, Any], secrets: dict[str, str], address: str, key: str
) -> None:
    with pytest.raises(NeedsHuman) as caught:
        register(context(rig, secrets, **settings), address)
    assert caught.value.problem.key == key
    assert rig.outside.log.exchanges == []


def test_a_right_that_is_missing_is_named(rig: DynamicsRig) -> None:
    rig.standin.set_privilege("serviceendpoint", "none")
    with pytest.raises(NeedsHuman) as caught:
        register(context(rig), ADDRESS)
    assert caught.value.problem.key == "dynamics_right_missing"
