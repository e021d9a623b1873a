from __future__ import annotations

from datetime import timedelta

import pytest
from dbos import DBOS
from sqlalchemy import update

from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.engine import housekeeping, notifications
from mlconnector.flow.engine.schedules import HOUSEKEEPING
from mlconnector.flow.notify import places
from mlconnector.flow.report import overview
from mlconnector.store import connections, httplog
from mlconnector.store.tables import connections as connection_table
from tests.flow.conftest import MakeRig
from tests.flow.rig import NAME, Rig


def schedules() -> dict[str, str]:
    return {one["schedule_name"]: one["schedule"] for one in DBOS.list_schedules()}


def polled(rig: Rig, cron: str) -> str:
    return rig.text.replace('cron = ""', f'cron = "{cron}"')


def test_a_connection_is_polled_as_its_settings_say_and_tidied_up_once_a_day(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    empty = rig.text
    rig.connect(polled(rig, "*/15 * * * *"))
    with rig.app.working() as workflows:
        workflows.schedule()
        assert schedules() == {f"poll:{NAME}": "*/15 * * * *", "housekeeping": HOUSEKEEPING}
        rig.text = empty
        rig.connect(polled(rig, "0 6 * * *"))
        rig.services.forget(NAME)
        workflows.schedule()
        assert schedules()[f"poll:{NAME}"] == "0 6 * * *"


def test_a_paused_connection_is_no_longer_polled(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.connect(polled(rig, "*/15 * * * *"))
    with rig.app.working() as workflows:
        workflows.schedule()
        with rig.app.database.write() as db:
            connections.set_state(db, NAME, "paused", "", rig.services.now())
        workflows.schedule()
        assert schedules() == {"housekeeping": HOUSEKEEPING}


def test_a_connection_whose_settings_cannot_be_read_does_not_keep_the_others_from_theirs(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig(1)
    rig.connect(polled(rig, "*/15 * * * *"))
    text = rig.text.replace(f'name = "{NAME}"', 'name = "old"')
    setup.connect(rig.services, read_connection(text, "another"), {})
    with rig.app.working() as workflows:
        workflows.schedule()
        with rig.app.database.write() as db:
            old = update(connection_table).where(connection_table.c.name == "old")
            db.execute(old.values(settings=text.replace("[books]", "[books]\nunknown_by_now = 1")))
        rig.services.forget("old")
        rig.connect(polled(rig, "0 6 * * *").replace("*/15 * * * *", "0 6 * * *"))
        rig.services.forget(NAME)
        workflows.schedule()
        assert schedules()[f"poll:{NAME}"] == "0 6 * * *"
        assert schedules()["poll:old"] == "*/15 * * * *", "what it had before stays"
    with rig.app.database.read() as db:
        row = connections.read(db, "old")
    assert row.state == "degraded"
    assert row.state_reason == "stored_settings_refused"
    assert "unknown_by_now" in overview.connection(rig.app.context("old"))["trouble"]["what"]
    assert "old: stored_settings_refused" in caplog.text


def test_what_has_served_its_time_is_forgotten_and_the_rest_kept(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with rig.app.working():
        kept = rig.services.settings.http_log_days
        before = len(_log(rig))
        assert before > 0
        assert housekeeping.tidy_up(rig.services)["requests"] == 0
        rig.outside.clock.advance(timedelta(days=kept + 1).total_seconds())
        assert housekeeping.tidy_up(rig.services)["requests"] == before
        assert not _log(rig)


def _log(rig: Rig) -> list[httplog.LogRow]:
    rig.services.http_log.flush()
    with rig.app.database.read() as db:
        return httplog.recent(db, 1000)


def test_people_are_told_by_a_schedule_where_there_is_a_place_to_tell(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    rig.connect()
    sent: list[str] = []
    monkeypatch.setattr("mlconnector.flow.notify.sending.send", lambda _to, said: sent.append(said.title))
    with rig.app.working() as workflows:
        with rig.app.database.write() as db:
            connections.set_state(db, NAME, "needs_login", "", rig.services.now())
        places.add(rig.services, "books", "webhook", {"address": "https://hooks.example.com/x"}, "admin")
        workflows.schedule()
        assert schedules()["notify"] == notifications.SCHEDULE
        assert DBOS.start_workflow(workflows._notify_workflow, None, None).get_result() == {
            "sent": 1,
            "failed": 0,
        }
        places.remove(rig.services, "books", "admin")
        workflows.schedule()
        assert "notify" not in schedules()
    assert sent == ["ml-connector: trial message", "ml-connector: login needed"]
