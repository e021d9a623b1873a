"""A connection between stand-ins of Cin7 and DATEV; all between them is the real way."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.cin7 import Cin7StandIn
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.rig import Rig, StandIns, settings_of

NAME = "demo-cin7"


@dataclass
class Cin7FlowRig(Rig):
    """The rig with Cin7 as its source."""

    cin7: Cin7StandIn = field(kw_only=True)

    def connect(self, text: str | None = None) -> None:
        """Set the connection up, or change its settings."""
        self.text = self.text if text is None else text
        tables = tomllib.loads(secrets_text("cin7"))
        secrets = {f"{system}.{key}": value for system, rows in tables.items() for key, value in rows.items()}
        setup.connect(self.services, read_connection(self.text, "the test's connection"), secrets)


MakeRig = Callable[..., Cin7FlowRig]


def without_mapping(text: str) -> str:
    """A connection's text in which nothing is mapped yet."""
    before, _, rest = text.partition("[mapping]\n")
    kept = [part for part in rest.split("\n\n") if not part.lstrip().startswith(("[mapping", "[[mapping"))]
    plain = [line for line in kept[0].splitlines() if line.startswith(("supply", "own_rate"))]
    return "\n\n".join([before + "[mapping]\n" + "\n".join(plain), *kept[1:]])


@contextmanager
def cin7_rigs(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with so many records, its text changed as it is told to."""
    with ExitStack() as stack:

        def made(records: int = 1, change: Callable[[str], str] = str) -> Cin7FlowRig:
            clock = Clock()
            cin7 = Cin7StandIn(Options(records=records, clock=clock))
            datev = DatevStandIn(Options(received=tmp_path / "received", clock=clock))
            urls = {one.name: stack.enter_context(served(one.app)) for one in (cin7, datev)}
            # Nobody asks it: the connection has another source.
            unused = PipedriveStandIn(Options(records=0, clock=clock))
            url = copied_sqlite(sqlite_template, tmp_path)
            app = stack.enter_context(
                opened(settings_of(tmp_path, url), lambda: datetime.fromtimestamp(clock(), UTC))
            )
            text = change(connection_text("cin7", Scene(urls)))
            rig = Cin7FlowRig(app, StandIns(unused, datev, urls, clock), text, NAME, cin7=cin7)
            rig.connect()
            rig.log_in()
            return rig

        yield made
