"""The command demo: the main job from end to end, with stand-ins of the outside systems."""

from __future__ import annotations

import json as json_format
import tomllib
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import SecretStr

from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text, stage
from mlconnector.commands.output import AsJson, Exit, answered, console, print_json, print_table
from mlconnector.commands.working import work_through
from mlconnector.flow import connecting, overview
from mlconnector.flow.connection import read_connection
from mlconnector.settings import Settings
from mlconnector.standins.base import names as standin_names
from mlconnector.store import connections, runs
from mlconnector.store.sealing import generate_master_key

JOB_SECONDS = 2.0


def demo(
    source: Annotated[list[str] | None, typer.Option(help="Source system; all where none is named.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo keeps and shows.")] = Path(
        "demo-out"
    ),
    records: Annotated[int, typer.Option(min=1, help="How many records each source has.")] = 40,
    json: AsJson = False,
) -> None:
    """Show the whole way with stand-ins: connect, log in, read, book, file, submit, follow to the end.

    Example: ml-connector demo --records 200 --out demo-out
    """
    with answered():
        sources = source or [name for name in standin_names() if name != "datev"]
        unknown = [name for name in sources if name not in standin_names() or name == "datev"]
        if unknown:
            raise typer.BadParameter(f"no stand-in for {', '.join(unknown)}")
        out.mkdir(parents=True, exist_ok=True)
        say = _silent if json else _aloud
        say(f"Starting stand-ins for {', '.join(sources)} and DATEV …")
        with (
            stage(out, [*sources, "datev"], records, JOB_SECONDS) as scene,
            opened(demo_settings(out)) as app,
        ):
            before = _sent(app, sources)
            for name in sources:
                set_up(app, name, scene, say)
            with app.working() as workflows:
                progress = None if json else _progress
                work_through(app, workflows, [f"demo-{name}" for name in sources], progress)
            summary = _summary(app, sources)
            sent_again = _sent(app, sources) - before
            summary["sent_now"] = sent_again
        (out / "summary.json").write_text(
            json_format.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8"
        )
        if json:
            print_json(summary)
        else:
            _show(summary, out)
        if any(batch["result"] != "succeeded" for batch in summary["batches"]) or summary["not_ready"]:
            raise typer.Exit(Exit.PROBLEMS)


def demo_settings(out: Path) -> Settings:
    """Settings of an installation that lives entirely under `out`."""
    key = out / "master.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(generate_master_key() + "\n", encoding="utf-8")
    return Settings(
        data_dir=out,
        database_url=SecretStr(f"sqlite:///{(out / 'ml-connector.sqlite').absolute()}"),
        master_key_file=key,
        queue_seconds=0.2,
    )


def set_up(app: Application, source: str, scene: Scene, say: Any) -> None:
    """Connect, log in and ping as a user does; on a later demo only what has changed."""
    name, text = f"demo-{source}", connection_text(source, scene)
    with app.database.read() as db:
        known = connections.find(db, name)
    if known is None or known.settings != text:
        tables = tomllib.loads(secrets_text(source))
        secrets = {
            f"{system}.{key}": value for system, values in tables.items() for key, value in values.items()
        }
        connecting.connect(app.services, read_connection(text, f"demo connection {source}"), secrets)
        say(f"{name}: connected {source} with DATEV client {app.services.connection(name).client}")
    logged_in = app.vault.expires(name, "datev.tokens")
    if logged_in is None or logged_in < app.services.now():
        _log_in(app, name, say)
    for step in connecting.check(app.services, name):
        say(f"  ping {step.outcome:<8} {step.key} {step.cause}".rstrip())


def _log_in(app: Application, name: str, say: Any) -> None:
    """Open the login's address as the person's browser would, who consents at once."""
    for system in connecting.systems_with_login(app.services, name):
        address = connecting.begin(app.services, name, system, "http://localhost:8080/oauth/callback")
        answer = httpx.get(address, follow_redirects=False)
        ended = httpx.URL(answer.headers["location"]).params
        connecting.finish(app.services, ended["state"], ended["code"])
        say(f"{name}: logged in to {system}")


def _sent(app: Application, sources: list[str]) -> int:
    """How many documents and Buchungsstapel were handed to DATEV so far."""
    posted = sum(overview.requests(app.services, f"demo-{name}", "datev")["puts"] for name in sources)
    return posted + sum(
        1
        for name in sources
        if _is_known(app, f"demo-{name}")
        for batch in overview.connection(app.services, f"demo-{name}")["batches"]
        if batch["job_id"]
    )


def _is_known(app: Application, name: str) -> bool:
    with app.database.read() as db:
        return connections.find(db, name) is not None


def _summary(app: Application, sources: list[str]) -> dict[str, Any]:
    reports = {name: overview.connection(app.services, f"demo-{name}") for name in sources}
    http = [overview.requests(app.services, f"demo-{name}", "datev") for name in sources]
    return {
        "sources": {name: _counts(app, f"demo-{name}", report) for name, report in reports.items()},
        "batches": [
            {
                "file": batch["file"],
                "job_id": batch["job_id"],
                "result": batch["state"],
                "rows": batch["rows"],
                "sha256": batch["sha256"],
            }
            for report in reports.values()
            for batch in report["batches"]
            if batch["state"] != "dissolved"
        ],
        "documents": overview.filed_documents(app.services),
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
    print_table(
        "Deals and documents",
        ["Source", "Read", "Vouchers", "Settled", "Waiting for a human", "Ignored"],
        [(name, *counts.values()) for name, counts in summary["sources"].items()],
    )
    if summary["problems"]:
        console.print()
        held = [(one["count"], one["what"], one["cause"]) for one in summary["problems"]]
        print_table("Held, and why", ["Count", "What", "Cause"], held)
    console.print()
    rows = [(one["file"], one["rows"], one["result"], one["job_id"]) for one in summary["batches"]]
    print_table("Buchungsstapel", ["File", "Rows", "Result", "Job"], rows)
    http = summary["http"]
    console.print(
        f"\n{summary['documents']} documents filed. Requests to DATEV so far: {http['gets']} GET, "
        f"{http['puts']} PUT, {http['posts']} POST."
    )
    if summary["sent_now"] == 0:
        console.print("Nothing was sent this time: DATEV has everything already.")
    console.print(f"See {out}/received for what the DATEV stand-in accepted, and {out}/summary.json.")


def _aloud(text: str) -> None:
    console.print(text, markup=False)


def _silent(_text: str) -> None:
    return


def _progress(name: str, counts: dict[str, int]) -> None:
    text = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(counts.items()))
    _aloud(f"{name}: {text}")
