"""The demo's scenery: stand-ins as processes of their own, and the connection that a user would set up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mlconnector.errors import Broken
from mlconnector.mapping.channels import Channel
from mlconnector.systems.registry import sink_systems, source_names

_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the stand-ins listen, by the system they stand in for."""

    urls: dict[str, str]


@contextmanager
def stage(out: Path, names: Sequence[str], records: int, delay: float) -> Iterator[Scene]:
    """Start the stand-ins; their state stays under `out`, so that a later demo goes on with it."""
    folder = out / "standins"
    folder.mkdir(parents=True, exist_ok=True)
    ports = _ports(folder)
    with ExitStack() as running:
        urls = {
            name: running.enter_context(_standin(name, folder, out, records, delay, ports.get(name, 0)))
            for name in names
        }
        known = {**ports, **{name: int(url.rpartition(":")[2]) for name, url in urls.items()}}
        (folder / "ports.json").write_text(json.dumps(known), encoding="utf-8")
        yield Scene(urls)


def _ports(folder: Path) -> dict[str, int]:
    file = folder / "ports.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


_WITH_SUGGESTIONS = 'services = ["dxso"]\n'
_WITH_FILES = 'services = ["dxso", "extf"]\n'
_CLIENT = re.compile(r'^client = ".*"$', re.MULTILINE)
_SUGGESTIONS = '\n[[channels]]\nkind = "{kind}"\nformat = "dxso"\nfrom = 2020-01-01\n'


@contextmanager
def _standin(name: str, folder: Path, out: Path, records: int, delay: float, port: int) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "mlconnector.standins",
        name,
        "--records",
        str(records),
        "--delay",
        str(delay),
    ]
    command += ["--received", str(out / "received"), "--state", str(folder / f"{name}.json"), "--port"]
    process = _started([*command, str(port)]) or _started([*command, "0"])
    if process is None:
        raise Broken(f"the stand-in of {name} did not start")
    running, url = process
    try:
        yield url
    finally:
        running.terminate()
        running.wait(timeout=_STOP_SECONDS)


def _started(command: list[str]) -> tuple[subprocess.Popen[str], str] | None:
    """The process and its address; None when it ended at once, e.g. because its port is taken."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.wait(timeout=_STOP_SECONDS)
        return None
    return process, str(json.loads(line)["url"])


def connection_text(name: str, scene: Scene, channel: Channel = "extf", client: str = "") -> str:
    """The connection's TOML text as a user would write it for these systems and this format.

    It books for the demo's client where none is given.
    """
    tables = [
        _demo_text(system).partition("[secrets.")[0].replace("__URL__", scene.urls[system])
        for system in (name, demo_sink())
    ]
    text = "\n".join([f'name = "demo-{name}"\n', *tables, '[schedule]\ncron = ""\n'])
    if client:
        text = _CLIENT.sub(f'client = "{client}"', text)
    if channel == "extf":
        return text
    # Payments and commitments go as EXTF always; who has neither needs one service alone.
    has_files = any(table in text for table in ("[mapping.payments]", "[mapping.commitments]"))
    services = _WITH_FILES if has_files else _WITH_SUGGESTIONS
    kinds = ["sales", "purchases"] if "[[mapping.expense]]" in text else ["sales"]
    table = f"[{demo_sink()}]\n"
    return text.replace(table, table + services) + "".join(_SUGGESTIONS.format(kind=kind) for kind in kinds)


def demo_sources() -> list[str]:
    """The names of the sources that can be shown."""
    return [name for name in source_names() if _is_shown(name)]


def demo_sink() -> str:
    """The name of the sink that the demo's connections hand over to."""
    return next(name for name in sink_systems() if _is_shown(name))


def secrets_text(name: str) -> str:
    """The credentials that a user would be asked for, as TOML tables."""
    tables = [_demo_text(system).partition("[secrets.")[2] for system in (name, demo_sink())]
    return "\n".join(f"[{table}" for table in tables)


def _demo_text(system: str) -> str:
    return _demo_file(system).read_text(encoding="utf-8")


def _is_shown(system: str) -> bool:
    """Whether the stand-in of a system says what a user would enter to connect it."""
    return _demo_file(system).is_file()


def _demo_file(system: str) -> Traversable:
    return files("mlconnector.standins").joinpath(system, "demo.toml")
