"""An installation in which the commands of the documentation are given, beside stand-ins of all systems."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.context.stopping import Stopping
from mlconnector.settings import parse_toml
from mlconnector.standins.base import Options
from mlconnector.standins.cin7.standin import Cin7StandIn
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.standins.procore import ProcoreStandIn
from tests.commands.desk import Desk, _browse
from tests.conformance.doors import served


class Office:
    """A folder with one connection, and whoever fills its file in, types credentials, and logs in."""

    def __init__(self, desk: Desk, source: str) -> None:
        self.desk, self.source = desk, source
        self.name = f"my-{source}"
        self.file = Path(f"{self.name}.toml")
        self.folder = Path.cwd()
        self.given: set[tuple[str, ...]] = set()

    def fill_in(self, more: str = "") -> None:
        """Write the connection's file as its user would, and one with its credentials."""
        text = connection_text(self.source, self.desk.scene)
        self.file.write_text(text.replace(f'"demo-{self.source}"', f'"{self.name}"') + more)
        Path("secrets.toml").write_text(secrets_text(self.source))

    def set_up(self) -> None:
        """Connect, log in and release, as far as that is not done."""
        self.desk.says(0, "connect", str(self.file), "--secrets-file", "secrets.toml")
        self.desk.says(0, "login", self.name, "--paste")
        self.desk.says(0, "release", self.name)

    def data(self, *words: str) -> Any:
        """What a command answers with --json, whatever its exit code is."""
        answer = self.desk.give(*words, "--json")
        return json.loads(answer.stdout)

    def waiting(self) -> dict[str, Any]:
        """A voucher that waits, with the cause that it waits for."""
        causes = self.data("inbox", self.name)
        cause = next(one for one in causes if any(each["number"] for each in one["vouchers"]))
        voucher = next(each for each in cause["vouchers"] if each["number"])
        return {"cause": cause["cause"], **voucher}

    def batch(self, part: str) -> str:
        """The file of a Buchungsstapel whose name has this in it."""
        files = [one["file"] for one in self.data("batches", self.name)["batches"]]
        return next(str(file) for file in files if part in file)

    def heads(self) -> str:
        """A file with the head of the audit trail."""
        file = Path("heads.txt")
        file.write_text(self.desk.give("audit", "head").stdout, encoding="utf-8")
        return str(file)

    def load(self) -> str:
        """A load of a batch into the tables of the warehouse."""
        (warehouse,) = self.data("warehouse", "status")
        return next(str(one["load"]) for one in warehouse["recent"] if one["kind"] == "batch")

    @contextmanager
    def with_workspace(self) -> Iterator[None]:
        """A Databricks workspace in the place of the folder of tables."""
        file, secrets = Path("ml-connector.toml"), Path("secrets.toml")
        before, given = file.read_text(), secrets.read_text()
        standin = DatabricksStandIn(Options())
        with served(standin.app) as host, pytest.MonkeyPatch.context() as patch:
            patch.setattr(Stopping, "doze", lambda _self, _seconds: threading.Event().wait(0.01))
            named = {
                "host": host,
                "catalog": standin.catalog,
                "warehouse_id": standin.warehouse_id,
                "client_id": standin.client_id,
            }
            lines = "".join(f'{name} = "{value}"\n' for name, value in named.items())
            file.write_text(before.replace("[databricks]\n", f"[databricks]\n{lines}"))
            secrets.write_text(f'{given}\n[databricks]\nclient_secret = "{standin.client_secret}"\n')
            yield
        standin.stop()
        file.write_text(before)
        secrets.write_text(given)

    def approvable(self) -> str:
        """The number of somebody who waits for consent."""
        return str(self.data("persons", self.name, "--waiting")[0]["number"])


@contextmanager
def office(folder: Path, source: str, records: int) -> Iterator[Office]:
    """An office in an empty folder; commands are given from there."""
    with ExitStack() as running:
        patch = running.enter_context(pytest.MonkeyPatch.context())
        patch.chdir(folder)
        patch.setenv("MLCONNECTOR_QUEUE_SECONDS", "0.05")
        patch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.1)
        patch.setattr("mlconnector.commands.logging_in._pasted", _browse)
        patch.setattr("mlconnector.commands.given_credentials.can_ask", lambda file: str(file) != "-")
        patch.setattr("mlconnector.commands.given_credentials.asked", _typed_in)
        pipedrive = PipedriveStandIn(Options(records=records))
        datev = DatevStandIn(Options(received=folder / "demo-out/received"))
        dynamics = DynamicsStandIn(Options(records=records))
        cin7 = Cin7StandIn(Options(records=records))
        procore = ProcoreStandIn(Options(records=records))
        sources = {
            "pipedrive": pipedrive.app,
            "dynamics": dynamics.app,
            "cin7": cin7.app,
            "procore": procore.app,
        }
        apps = {**sources, "datev": datev.app}
        urls = {name: running.enter_context(served(app)) for name, app in apps.items()}
        yield Office(Desk(pipedrive, datev, Scene(urls)), source)


def _typed_in(names: Sequence[str]) -> dict[str, str]:
    """The credentials that somebody types in who is asked for them."""
    tables = parse_toml(Path("secrets.toml").read_text(), "secrets.toml")
    return {name: tables[name.partition(".")[0]][name.partition(".")[2]] for name in names}
