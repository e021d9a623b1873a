"""The engine's log goes the way of ours, and a database that does not work is said in one line."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Iterator

import pytest
from dbos import DBOS
from sqlalchemy.exc import OperationalError

from mlconnector.errors import RetryLater
from mlconnector.flow.engine.engine import Engine, _route_log
from tests.flow.conftest import MakeRig

FULL = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process log gets."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


def log(error: Exception) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger("dbos").exception("Exception in workflow:")


def test_a_database_without_room_is_said_in_one_line(written: io.StringIO) -> None:
    _route_log()
    log(FULL)
    log(RetryLater("the database does not work at the moment"))
    assert written.getvalue().splitlines() == [
        "Exception in workflow: database or disk is full",
        "Exception in workflow: the database does not work at the moment",
    ]


def test_a_mistake_keeps_its_traceback(written: io.StringIO) -> None:
    _route_log()
    log(ZeroDivisionError("in step 7"))
    assert "Traceback" in written.getvalue()


def test_an_engine_that_cannot_write_is_put_off(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(1)

    def fail() -> None:
        raise FULL

    monkeypatch.setattr(DBOS, "launch", fail)
    engine = Engine(rig.services)
    with pytest.raises(RetryLater, match="is there room on the disk"):
        engine.start()
    engine.stop()
