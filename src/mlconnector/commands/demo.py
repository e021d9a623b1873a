"""The command demo: the main job from end to end, with stand-ins of the outside systems."""

from __future__ import annotations

import json as json_format
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import SecretStr

from mlconnector.app import Application, opened
from mlconnector.commands.demo_ending import endings
from mlconnector.commands.demo_tables import LoadedTables, loaded_tables, show_tables
from mlconnector.commands.demonstration import (
    Scene,
    connection_text,
    demo_sink,
    demo_sources,
    secrets_text,
    stage,
)
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    batch_state,
    batches_title,
    console,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
    say,
    states_in_words,
)
from mlconnector.commands.ping import show_step
from mlconnector.commands.repairs import somebody
from mlconnector.commands.serve import answer, listening
from mlconnector.commands.working import stopping, work_through
from mlconnector.flow.agree import release
from mlconnector.flow.agree.released import is_released
from mlconnector.flow.connect import oauth_login, ping, setup, standing
from mlconnector.flow.connect.step_rows import step_row
from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.report import counts, overview
from mlconnector.mapping.channels import Channel
from mlconnector.settings import Settings
from mlconnector.store import connections, runs
from mlconnector.store.seals import generate_master_key
from mlconnector.systems.registry import warehouse_names, warehouse_system

JOB_SECONDS = 2.0
_HERE = "127.0.0.1"


class DemoFormat(StrEnum):
    """In which format the demo books."""

    extf = "extf"
    dxso = "dxso"


def demo(
    source: Annotated[list[str] | None, typer.Option()] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
        ),
    ] = None,
    channel: Annotated[DemoFormat, typer.Option("--format")] = DemoFormat.extf,
    records: Annotated[int, typer.Option(min=1)] = 40,
    serve: Annotated[bool, typer.Option("--serve")] = False,
    json: AsJson = False,
) -> None:
    """Show the whole way with stand-ins.

    Connect, log in, release, read, book, file, submit, follow to the end, and load tables of all that; a
    second demo sends nothing again.

    Example: ml-connector demo --records 200 --format dxso
    """
    with answered():
        possible = demo_sources()
        sources = [name for name in source or () if name not in warehouse_names()] or possible
        unknown = [name for name in sources if name not in possible]
        if unknown:
            raise typer.BadParameter(phrase("demo_no_standin", names=", ".join(unknown)))
        out = out or Path("demo-out" if channel == DemoFormat.extf else "demo-out-dxso")
        out.mkdir(parents=True, exist_ok=True)
        tell = _silent if json else _aloud
        tell(phrase("demo_starts", systems=", ".join(named("system", name) for name in sources)))
        with (
            _door(serve) as listener,
            stage(out, [*sources, demo_sink()], records, JOB_SECONDS) as scene,
            opened(demo_settings(out, listener)) as app,
        ):
            summary, loaded = _play(app, scene, sources, channel, tell)
            (out / "summary.json").write_text(
                json_format.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8"
            )
            if json:
                print_json(summary)
            else:
                _show(summary, out)
                show_tables(loaded)
            if listener is not None:
                with app.working() as workflows, stopping() as stop:
                    answer(app, workflows, listener, stop)
            elif not json:
                paragraph(phrase("demo_console"))
        if (
            loaded.missing
            or any(batch["result"] != "succeeded" for batch in summary["batches"])
            or summary["not_ready"]
        ):
            raise typer.Exit(Exit.PROBLEMS)


def _play(
    app: Application, scene: Scene, sources: list[str], channel: DemoFormat, tell: Callable[[str], None]
) -> tuple[dict[str, Any], LoadedTables]:
    """Work everything through; what became of it, and the tables that were loaded."""
    before = _sent(app, sources)
    for name in sources:
        set_up(app, name, scene, tell, channel.value)
    with app.working() as workflows:
        progress = None if tell is _silent else _progress
        work_through(app, workflows, [f"demo-{name}" for name in sources], progress)
    summary = _summary(app, sources)
    loaded = loaded_tables(app)
    return {**summary, "sent_now": _sent(app, sources) - before, "tables": loaded.rows}, loaded


@contextmanager
def _door(is_wanted: bool) -> Iterator[socket.socket | None]:
    """Where the console of the demo answers: at the usual port, or at another where that is taken."""
    if not is_wanted:
        yield None
        return
    usual = Settings.model_fields["port"].default
    try:
        listener = listening(_HERE, usual)
    except OSError:
        listener = listening(_HERE, 0)
    with listener:
        yield listener


def demo_settings(out: Path, listener: socket.socket | None = None) -> Settings:
    """Settings of an installation that lives entirely under `out`, and answers there where it does."""
    port = Settings.model_fields["port"].default if listener is None else listener.getsockname()[1]
    key = out / "master.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(generate_master_key() + "\n", encoding="utf-8")
    return Settings(
        data_dir=out,
        database_url=SecretStr(f"sqlite:///{(out / 'ml-connector.sqlite').absolute()}"),
        master_key_file=key,
        language=language(),
        queue_seconds=0.2,
        public_url=f"http://localhost:{port}",
        warehouses={
            name: system.in_folder(out / "delta")
            for name in warehouse_names()
            if (system := warehouse_system(name)) is not None
        },
    )


def set_up(
    app: Application,
    source: str,
    scene: Scene,
    tell: Callable[[str], None],
    channel: Channel = "extf",
    client: str = "",
) -> None:
    """Connect, log in, ping and release as a user does; on a later demo only what has changed."""
    name, text = f"demo-{source}", connection_text(source, scene, channel, client)
    with app.database.read() as db:
        known = connections.find(db, name)
    if known is None or known.settings != text:
        tables = tomllib.loads(secrets_text(source))
        secrets = {
            f"{system}.{key}": value for system, values in tables.items() for key, value in values.items()
        }
        setup.connect(app.services, read_connection(text, f"demo connection {source}"), secrets)
        client = app.services.connection(name).client
        tell(phrase("demo_connected", name=name, source=named("system", source), client=client))
    logged_in = app.vault.expires(name, token_name(app.context(name).settings.sink_system.name))
    if logged_in is None or logged_in < app.services.now():
        _log_in(app, name, tell)
    for step in ping.check(app.context(name)):
        if tell is _aloud:
            show_step(step_row(name, step, app.settings.language))
    if not is_released(app.context(name)):
        release.release(app.context(name), somebody())
        tell(phrase("demo_released", name=name, by=somebody()))


def _log_in(app: Application, name: str, tell: Callable[[str], None]) -> None:
    """Open the login's address as the person's browser would, who consents at once."""
    for system in standing.systems_with_login(app.context(name)):
        address = oauth_login.begin(app.context(name), system, "http://localhost:8080/oauth/callback")
        answer = httpx.get(address, follow_redirects=False)
        ended = httpx.URL(answer.headers["location"]).params
        oauth_login.finish(app.services, ended["state"], ended["code"])
        tell(phrase("demo_logged_in", name=name, system=named("system", system)))


def _sent(app: Application, sources: list[str]) -> int:
    """How many documents and Buchungsstapel were handed to DATEV so far."""
    known = [app.context(name) for source in sources if _is_known(app, name := f"demo-{source}")]
    posted = sum(counts.sent_requests(context)["puts"] for context in known)
    handed = [batch for context in known for batch in overview.connection(context)["batches"]]
    return posted + sum(bool(batch["job_id"]) for batch in handed)


def _is_known(app: Application, name: str) -> bool:
    with app.database.read() as db:
        return connections.find(db, name) is not None


def _summary(app: Application, sources: list[str]) -> dict[str, Any]:
    reports = {name: overview.connection(app.context(f"demo-{name}")) for name in sources}
    http = [counts.sent_requests(app.context(f"demo-{name}")) for name in sources]
    return {
        "sources": {name: _counts(app, f"demo-{name}", report) for name, report in reports.items()},
        "batches": [
            {
                "file": batch["file"],
                "format": batch["format"],
                "job_id": batch["job_id"],
                "result": batch["state"],
                "rows": batch["rows"],
                "sha256": batch["sha256"],
            }
            for report in reports.values()
            for batch in report["batches"]
            if batch["state"] != "dissolved"
        ],
        "documents": counts.filed_documents(app.services),
        "http": {kind: sum(one[kind] for one in http) for kind in ("gets", "puts", "posts")},
        "problems": [
            {
                "cause": problem["cause"],
                "count": problem["count"],
                "what": problem["what"],
                "do": problem["do"],
            }
            for report in reports.values()
            for problem in report["problems"]
        ],
        "not_ready": [name for name, report in reports.items() if report["state"] != "ready"],
    }


def _counts(app: Application, name: str, report: dict[str, Any]) -> dict[str, int]:
    states = report["vouchers"]
    with app.database.read() as db:
        read = max((run.counts.get("read", 0) for run in runs.latest(db, name, 1000)), default=0)
    return {
        "read": read,
        "vouchers": sum(states.values()),
        "settled": states.get("settled", 0),
        "needs_human": states.get("needs_human", 0) + states.get("rejected", 0),
        "ignored": states.get("ignored", 0),
    }


def _show(summary: dict[str, Any], out: Path) -> None:
    console.print()
    heading(phrase("demo_sources"))
    columns = ("source", "read", "vouchers", "settled", "waiting", "ignored")
    rows = [(named("source", name), *counts.values()) for name, counts in summary["sources"].items()]
    print_table([phrase(f"heading_{column}") for column in columns], rows, indent=2, right=range(1, 6))
    if summary["problems"]:
        console.print()
        heading(phrase("demo_held"))
        for one in summary["problems"]:
            paragraph(f"{one['count']} × {one['what']}", 2, hanging=4)
    console.print()
    heading(batches_title([one["format"] for one in summary["batches"]]))
    batches = [
        (one["rows"], batch_state(one["format"], one["result"]), one["file"]) for one in summary["batches"]
    ]
    headings = [phrase(f"heading_{column}") for column in ("rows", "state", "file")]
    print_table(headings, batches, indent=2, right={0})
    console.print()
    paragraph(phrase("demo_http", documents=summary["documents"], **summary["http"]))
    for key, facts in endings(summary, out):
        paragraph(phrase(key, **facts))


def _aloud(text: str) -> None:
    print_line(text)


def _silent(_text: str) -> None:
    return


def _progress(name: str, counts: dict[str, int]) -> None:
    say("so_far", name=name, states=states_in_words(counts) or phrase("reading"))
