"""Once a day the head of the audit trail goes where the settings say, so that a cut trail is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from mlconnector.app import Application, opened
from mlconnector.flow.engine.housekeeping import tidy_up
from mlconnector.flow.report import trail_heads
from mlconnector.store.audit import AuditEvent, append, verify
from tests.clock import Clock
from tests.databases import copied_sqlite
from tests.flow.rig import settings_of


@contextmanager
def listener(status: int) -> Iterator[tuple[str, list[bytes]]]:
    """Something that takes messages and answers with this status."""
    taken: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/secret-path", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def installation(template: Path, folder: Path, clock: Clock, url: str | None = None) -> Iterator[Application]:
    settings = settings_of(
        folder,
        copied_sqlite(template, folder),
        audit_heads_file=folder / "heads.txt",
        audit_heads_url=None if url is None else SecretStr(url),
    )
    with opened(settings, clock) as app:
        yield app


def tell(app: Application, clock: Clock) -> None:
    with app.database.write() as db:
        append(db, [AuditEvent("", "v", "received")], clock())


def test_heads_are_written_to_the_file_and_sent_to_the_address(
    sqlite_template: Path, tmp_path: Path, clock: Clock
) -> None:
    with (
        listener(204) as (url, taken),
        installation(sqlite_template, tmp_path, clock, url) as app,
    ):
        tell(app, clock)
        assert tidy_up(app.services)["heads"] == 2
        tell(app, clock)
        tidy_up(app.services)
        anchors = trail_heads.written_down(app.services)
        assert [one.sequence for one in anchors] == [1, 2]
        assert verify(app.database, anchors).ok
        message = json.loads(taken[1])
        assert (message["rows"], message["head"]) == (2, anchors[1].hash)
        assert anchors[1].hash in message["text"]


def test_a_place_that_does_not_take_a_head_is_told_without_its_address(
    sqlite_template: Path, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        listener(500) as (url, _),
        installation(sqlite_template, tmp_path, clock, url) as app,
    ):
        (tmp_path / "heads.txt").mkdir()
        assert trail_heads.write_down(app.services) == 0
    assert "HTTP 500" in caplog.text
    assert "heads.txt" in caplog.text
    assert "secret-path" not in caplog.text


def test_a_head_whose_seal_is_not_ours_is_not_written_down(
    sqlite_template: Path, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with installation(sqlite_template, tmp_path, clock) as app:
        tell(app, clock)
        with app.database.write() as db:
            db.exec_driver_sql("UPDATE audit_head SET seal = 'x'")
        assert tidy_up(app.services)["heads"] == 0
    assert not (tmp_path / "heads.txt").exists()
    assert "trail_not_ours" in caplog.text
