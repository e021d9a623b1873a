"""What every command says of a connection that is disconnected: what is missing, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import typer

from mlconnector.cli import app
from tests.commands.desk import FILE, NAME, Desk, desk

LIST = "numbers.csv"
# What is given for each command that takes a connection; `{batch}` and `{voucher}` are of the first run.
GIVEN = {
    "batches": (NAME,),
    "chart export": (NAME,),
    "chart import": (NAME, LIST),
    "confirm": (NAME, "--by", "Kanzlei"),
    "ignore": (NAME, "{voucher}", "--reason", "booked by hand"),
    "booked-by-hand": (NAME, "{voucher}", "--reason", "typed in"),
    "unignore": (NAME, "{voucher}"),
    "distinct": (NAME, "{voucher}", "--reason", "two of them"),
    "hold": (NAME, "{voucher}", "--reason", "not yet"),
    "inbox": (NAME,),
    "login": (NAME,),
    "mapping suggest": (NAME,),
    "mapping take": (NAME, LIST),
    "numbers bind": (NAME, "organization/1", "10042"),
    "numbers unbind": (NAME, "10042"),
    "numbers import": (NAME, LIST, "--ledger", "debtors"),
    "numbers list": (NAME,),
    "open-from": (NAME,),
    "persons": (NAME,),
    "ping": (NAME,),
    "preview": (NAME,),
    "release": (NAME,),
    "replay": (NAME, "--all"),
    "report opos": (NAME,),
    "report completeness": (NAME,),
    "report balances": (NAME,),
    "report costs": (NAME,),
    "report vat": (NAME,),
    "reread": (NAME,),
    "resend": ("{batch}", "--reason", "lost", "--again"),
    "resume": (NAME,),
    "rules": (NAME,),
    "run": (NAME,),
    "status": (NAME,),
    "unhold": (NAME, "{voucher}"),
    "vouchers": (NAME,),
}
# These set it up or end it, or are about the installation, a file or the past.
OTHERS = {
    *(
        "init",
        "connect",
        "disconnect",
        "demo",
        "serve",
        "worker",
        "check",
        "explain",
        "vault rotate",
        "approve",
        "batch",
    ),
    *("audit verify", "audit head", "audit seal", "audit show", "audit export", "audit http"),
    *(f"users {one}" for one in ("add", "disable", "enable", "end-sessions", "list", "password", "role")),
    *(f"notify {one}" for one in ("add", "change", "list", "remove", "test")),
    *(f"warehouse {one}" for one in ("check", "connect", "disconnect", "import", "load", "replay", "status")),
}
# These would work with the outside, or let something go on: they refuse.
REFUSED = {
    "login",
    "preview",
    "release",
    "replay",
    "reread",
    "resend",
    "resume",
    "run",
    "ignore",
    "distinct",
} | {*("booked-by-hand", "unignore", "numbers bind", "numbers unbind", "mapping suggest", "mapping take")}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, str], list[str]]]:
    """A desk with a connection that has worked and is disconnected, and every address asked since."""
    with pytest.MonkeyPatch.context() as patch, desk(tmp_path_factory.mktemp("left"), 2, patch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        mine.connect()
        mine.log_in()
        mine.says(0, "run", NAME)
        status = mine.data(0, "status")[NAME]
        facts = {
            "batch": next(one["id"] for one in status["batches"]),
            "voucher": "RE-2026-00001",
        }
        Path(LIST).write_text("Konto;Name\n10042;Muster AG\n", encoding="utf-8")
        mine.says(0, "disconnect", NAME)
        asked: list[str] = []

        def noted(_self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            raise httpx.ConnectError("nobody may be asked")

        patch.setattr(httpx.HTTPTransport, "handle_request", noted)
        yield mine, facts, asked


def every_command() -> set[str]:
    group = typer.main.get_command(app)
    found = set()
    for name, one in getattr(group, "commands", {}).items():
        beneath = getattr(one, "commands", None)
        found |= {f"{name} {each}" for each in beneath} if beneath else {name}
    return found


def test_no_command_is_left_out_here() -> None:
    assert every_command() == set(GIVEN) | OTHERS


@pytest.mark.parametrize("command", sorted(GIVEN))
def test_it_says_what_is_missing_and_what_to_do_and_asks_nobody(
    left: tuple[Desk, dict[str, str], list[str]], command: str
) -> None:
    mine, facts, asked = left
    words = [word.format(**facts) for word in GIVEN[command]]
    answer = mine.give(*command.split(), *words)
    said = " ".join(answer.output.split())
    assert "disconnected" in said
    assert "`ml-connector connect FILE`" in said
    assert f"`ml-connector login {NAME}`" in said
    assert f"`ml-connector release {NAME}`" in said
    assert said.count("ml-connector connect FILE") == 1, "it is said once"
    assert answer.exit_code == 1 or command not in REFUSED | {"ping"}
    assert asked == []


def test_a_run_of_all_connections_leaves_it_alone(left: tuple[Desk, dict[str, str], list[str]]) -> None:
    mine, _, asked = left
    assert "All connections are disconnected" in mine.says(0, "run")
    assert asked == []


def test_disconnecting_it_again_is_no_mistake(left: tuple[Desk, dict[str, str], list[str]]) -> None:
    mine, _, _ = left
    assert "`ml-connector connect FILE`" in mine.says(0, "disconnect", NAME)


def test_json_stays_one_document(left: tuple[Desk, dict[str, str], list[str]]) -> None:
    mine, _, _ = left
    assert mine.data(0, "status", NAME)[NAME]["state"] == "paused"
    assert mine.data(0, "numbers", "list", NAME)


def test_it_is_said_in_german_too(
    left: tuple[Desk, dict[str, str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, _, _ = left
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert "ist getrennt: Zugangsdaten und Freigabe fehlen" in mine.says(1, "run", NAME)


def test_without_credentials_it_is_not_set_up_again(left: tuple[Desk, dict[str, str], list[str]]) -> None:
    mine, _, _ = left
    assert "pipedrive.api_token" in mine.says(2, "connect", str(FILE))
    assert mine.data(0, "status", NAME)[NAME]["state"] == "paused"
