"""`ml-connector serve` as a process of its own, from its first answer to the signal that ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconnector.app import opened
from mlconnector.commands import serve as serving_module
from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.errors import Broken
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.settings import load_settings
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store.seals import generate_master_key
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.web.rig import API_TOKEN, HOOK, NAME, NOWHERE, WEBHOOK_KEY, rig, signed, standin

PROGRAM = "import typer; from mlconnector.commands.serve import serve; typer.run(serve)"
PATIENCE = 60.0
TOKEN = {"Authorization": f"Bearer {API_TOKEN}"}


@pytest.fixture
def environment(sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation without connections."""
    return {
        "MLCONNECTOR_DATA_DIR": str(tmp_path),
        "MLCONNECTOR_DATABASE_URL": copied_sqlite(sqlite_template, tmp_path),
        "MLCONNECTOR_MASTER_KEY": generate_master_key(),
        "MLCONNECTOR_API_TOKEN": API_TOKEN,
        "MLCONNECTOR_QUEUE_SECONDS": "0.05",
    }


@contextmanager
def serving(
    environment: dict[str, str], *options: str, before: str = ""
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and its address."""
    with subprocess.Popen(
        [sys.executable, "-c", before + PROGRAM, "--port", "0", *options],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("serving on "), process.stderr and process.stderr.read()
            yield process, line.removeprefix("serving on ").partition(";")[0]
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """Send a signal; returns the exit code and what the process complained of."""
    process.send_signal(number)
    _, complaints = process.communicate(timeout=PATIENCE)
    return process.returncode, complaints


def eventually(look: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return seen


def connect(environment: dict[str, str], url: str) -> None:
    text = connection_text("pipedrive", Scene({"pipedrive": url, "datev": NOWHERE}))
    secrets = {"pipedrive.api_token": PipedriveStandIn.api_token, "pipedrive.webhook_key": WEBHOOK_KEY}
    with opened(load_settings(environment=environment)) as application:
        setup.connect(
            application.services,
            read_connection(text, "test"),
            {**secrets, "datev.client_secret": "standin-secret"},
        )


def test_a_webhook_becomes_a_voucher_and_sigterm_ends_everything_in_order(
    environment: dict[str, str],
) -> None:
    account = standin(5)
    body, headers = signed(account, 1)
    with served(account.app) as url:
        connect(environment, url)
        with serving(environment) as (process, address):
            eventually(lambda: httpx.get(f"{address}/readyz").status_code == 200)
            assert httpx.post(address + HOOK, content=body, headers=headers).status_code == 202
            query = {"connection": NAME}
            (voucher,) = eventually(
                lambda: httpx.get(f"{address}/api/v1/vouchers", params=query, headers=TOKEN).json()[
                    "vouchers"
                ]
            )
            assert voucher["external_id"] == "1"
            code, complaints = ended(process, signal.SIGTERM)
    assert code == 0, complaints
    assert "Traceback" not in complaints


def test_without_a_worker_it_answers_and_leaves_the_work_to_others(environment: dict[str, str]) -> None:
    with serving(environment, "--no-worker") as (process, address):
        assert httpx.get(f"{address}/readyz").json() == {"status": "ready", "reasons": []}
        answer = httpx.get(f"{address}/healthz")
        assert "server" not in answer.headers
        code, complaints = ended(process, signal.SIGINT)
    assert (code, complaints) == (0, "")


def test_unfinished_requests_beyond_the_limit_of_files_neither_end_it_nor_keep_others_from_an_answer(
    environment: dict[str, str],
) -> None:
    few = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)); "
    with serving(environment, "--no-worker", before=few) as (process, address):
        host, _, port = address.removeprefix("http://").partition(":")
        with ExitStack() as held:
            for _ in range(205):
                one = held.enter_context(socket.create_connection((host, int(port))))
                with suppress(OSError):
                    one.sendall(b"POST /webhooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
            assert httpx.get(f"{address}/readyz").status_code == 200
            assert process.poll() is None
        code, complaints = ended(process, signal.SIGTERM)
    assert (code, complaints) == (0, "")


def test_an_address_that_is_taken_is_said_at_once(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = subprocess.run(
            [sys.executable, "-c", PROGRAM, "--port", str(taken.getsockname()[1])],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert process.returncode == 1
    assert "Address already in use" in process.stderr
    assert "Traceback" not in process.stderr


def test_an_attention_loop_that_breaks_ends_the_server_too(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise Broken("nothing is looked after any more")

    monkeypatch.setattr(serving_module, "attend", breaks)
    url = copied_sqlite(sqlite_template, tmp_path)
    with rig(url, tmp_path) as made, socket.create_server(("127.0.0.1", 0)) as listener:
        workflows: Any = made.work
        with pytest.raises(Broken, match="nothing is looked after"):
            serving_module.answer(made.application, workflows, listener, threading.Event())
