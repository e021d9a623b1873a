"""Webhooks that a source is asked to send, by the real command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.standins.base import Options
from mlconnector.standins.dynamics import DynamicsStandIn
from tests.commands.desk import FILE, Desk, desk
from tests.conformance.doors import served

DYNAMICS = Path("demo-dynamics.toml")
ADDRESS = "http://localhost:8080/webhooks/demo-dynamics"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk(tmp_path, 1, monkeypatch) as made:
        made.says(0, "init")
        yield made


def test_a_source_that_leaves_it_to_its_users_says_so(mine: Desk) -> None:
    mine.fill_in()
    mine.connect()
    said = mine.says(1, "connect", str(FILE), "--register-webhook")
    assert "cannot be set up in Pipedrive from here" in said
    assert "http://localhost:8080/webhooks/my-pipedrive" in said


def test_a_source_that_can_be_asked_is_asked_and_the_trail_knows(mine: Desk) -> None:
    standin = DynamicsStandIn(Options(records=1))
    with served(standin.app) as url:
        scene = Scene({**mine.scene.urls, "dynamics": url})
        DYNAMICS.write_text(connection_text("dynamics", scene))
        given = secrets_text("dynamics")
        said = mine.says(
            0, "connect", str(DYNAMICS), "--secrets-file", "-", "--register-webhook", stdin=given
        )
        assert f"webhooks go to {ADDRESS}: Create invoice, Update invoice, Delete invoice" in said
        (endpoint,) = standin.environment.rows["serviceendpoint"].values()
        assert endpoint["url"] == ADDRESS

        asked = mine.data(0, "connect", str(DYNAMICS), "--register-webhook")
        assert asked["webhook"]["address"] == ADDRESS
        assert mine.data(0, "connect", str(DYNAMICS))["webhook"] is None

        ended = mine.says(0, "connect", str(DYNAMICS), "--unregister-webhook")
        assert f"no more webhooks to {ADDRESS}; until now: " in ended
        assert standin.environment.rows["serviceendpoint"] == {}
        assert mine.data(0, "connect", str(DYNAMICS), "--unregister-webhook")["webhook"]["events"] == []
