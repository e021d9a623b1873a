"""A desk in an office: a folder with an installation, its commands, and both outside systems beside it."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.standins.base import Options
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from tests.conformance.doors import served

NAME = "my-pipedrive"
FILE = Path(f"{NAME}.toml")
_ADDRESS = re.compile(r"http://\S+/openid/authorize\?\S+")


@dataclass
class Desk:
    """Commands as somebody gives them, one after the other, and everything that they said."""

    pipedrive: PipedriveStandIn
    datev: DatevStandIn
    scene: Scene
    said: list[str] = field(default_factory=list)

    def give(self, *words: str, stdin: str | None = None) -> Result:
        """Give a command; what it said is kept."""
        answer = CliRunner().invoke(app, list(words), input=stdin)
        # DBOS keeps writing to the standard error that it first saw, which the runner has closed.
        logging.getLogger("dbos").handlers.clear()
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        self.said.append(answer.output)
        return answer

    def says(self, code: int, *words: str, stdin: str | None = None) -> str:
        """Give a command that ends with this exit code; returns what it said, in one line."""
        answer = self.give(*words, stdin=stdin)
        assert answer.exit_code == code, answer.output
        return " ".join(answer.output.split())

    def data(self, code: int, *words: str) -> Any:
        """Give a command with --json that ends with this exit code; returns what it said."""
        answer = self.give(*words, "--json")
        assert answer.exit_code == code, answer.output
        return json.loads(answer.stdout)

    def fill_in(self, name: str = NAME) -> None:
        """Write the connection file as a user would for these systems."""
        text = connection_text("pipedrive", self.scene).replace('name = "demo-pipedrive"', f'name = "{name}"')
        Path(f"{name}.toml").write_text(text)

    def connect(self, name: str = NAME, secrets: str | None = None, *, release: bool = True) -> str:
        """Set the connection up with the credentials on standard input, and release it."""
        given = secrets_text("pipedrive") if secrets is None else secrets
        said = self.says(0, "connect", f"{name}.toml", "--secrets-file", "-", stdin=given)
        if release:
            self.says(0, "release", name)
        return said

    def log_in(self, *words: str) -> str:
        """Log in with a browser beside the terminal, and paste where it ended."""
        return self.says(0, "login", NAME, "--paste", *words)

    def log_out_at_datev(self) -> None:
        """Let DATEV know none of our tokens any more."""
        for session in self.datev.sessions:
            self.datev.tokens.end(session)


def _browse() -> str:
    """What somebody pastes who opens the address that was just printed, and consents."""
    sys.stdout.flush()
    printed = cast("io.BytesIO", sys.stdout.buffer).getvalue().decode()
    return httpx.get(_ADDRESS.findall(printed)[-1]).headers["location"]


@contextmanager
def desk(folder: Path, records: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in an empty folder; commands are given from there."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLCONNECTOR_QUEUE_SECONDS", "0.05")
    monkeypatch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.1)
    monkeypatch.setattr("mlconnector.commands.logging_in._pasted", _browse)
    with ExitStack() as running:
        pipedrive = PipedriveStandIn(Options(records=records))
        datev = DatevStandIn(Options(received=folder / "received"))
        urls = {
            "pipedrive": running.enter_context(served(pipedrive.app)),
            "datev": running.enter_context(served(datev.app)),
        }
        yield Desk(pipedrive, datev, Scene(urls))
