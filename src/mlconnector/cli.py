"""`ml-connector`: which function each command is."""

from __future__ import annotations

import gc
from typing import Annotated, Any

import typer

import mlconnector
from mlconnector.commands import document
from mlconnector.commands.command_line import PROGRAM, Commands, Group
from mlconnector.environment import spoken
from mlconnector.texts.catalogue import sentence

OBJECTS_BETWEEN_COLLECTIONS = 50_000

COMMANDS = {
    "init": "setup:init",
    "connect": "setup:connect",
    "login": "logging_in:login",
    "ping": "ping:ping",
    "preview": "preview:preview",
    "release": "release:release",
    "approve": "approve:approve",
    "run": "working:run",
    "serve": "serve:serve",
    "worker": "working:worker",
    "status": "status:status",
    "inbox": "inbox:show_inbox",
    "vouchers": "records:list_vouchers",
    "batches": "records:list_batches",
    "batch": "records:show_batch",
    "report opos": "reports:report_opos",
    "report completeness": "reports:report_completeness",
    "report balances": "reports:report_balances",
    "report costs": "reports:report_costs",
    "report vat": "reports:report_vat",
    "replay": "repairs:replay",
    "ignore": "aside:ignore",
    "booked-by-hand": "aside:booked_by_hand",
    "unignore": "aside:unignore",
    "hold": "holding:hold",
    "unhold": "holding:unhold",
    "distinct": "distinct:distinct",
    "reread": "reread:reread",
    "resume": "repairs:resume",
    "resend": "repairs:resend",
    "rules": "rules:show_rules",
    "confirm": "rules:confirm",
    "mapping suggest": "mapping:mapping_suggest",
    "mapping take": "mapping:mapping_take",
    "chart import": "charts:chart_import",
    "chart export": "charts:chart_export",
    "numbers import": "numbers:numbers_import",
    "numbers bind": "numbers:numbers_bind",
    "numbers unbind": "numbers:numbers_unbind",
    "numbers list": "numbers:numbers_list",
    "warehouse load": "warehouse:warehouse_load",
    "warehouse status": "warehouse:warehouse_status",
    "warehouse check": "warehouse:warehouse_check",
    "warehouse connect": "warehouse_access:warehouse_connect",
    "warehouse disconnect": "warehouse_access:warehouse_disconnect",
    "warehouse import": "warehouse:warehouse_import",
    "warehouse replay": "warehouse:warehouse_replay",
    "notify list": "notify:notify_list",
    "notify add": "notify:notify_add",
    "notify change": "notify:notify_change",
    "notify test": "notify:notify_test",
    "notify remove": "notify:notify_remove",
    "persons": "person_accounts:persons",
    "open-from": "open_day:open_from",
    "audit verify": "audit:audit_verify",
    "audit export": "audit:audit_export",
    "audit head": "audit:audit_head",
    "audit seal": "audit:audit_seal",
    "audit show": "audit:audit_show",
    "audit http": "audit:audit_http",
    "check": "check:check_files",
    "explain": "explain:explain",
    "demo": "demo:demo",
    "users list": "users:users_list",
    "users add": "users:users_add",
    "users role": "users:users_role",
    "users password": "users:users_password",
    "users disable": "users:users_disable",
    "users enable": "users:users_enable",
    "users end-sessions": "users:users_end_sessions",
    "disconnect": "setup:disconnect",
    "vault rotate": "setup:rotate",
}
"""Module and function of each command, in the order of the list; their help is in `texts/help.toml`."""


class Program(Group):
    """All commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": Commands(COMMANDS)})


app = typer.Typer(
    name=PROGRAM, cls=Program, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    if document.current().wanted:
        document.print_json({"version": mlconnector.__version__})
    else:
        typer.echo(f"{PROGRAM} {mlconnector.__version__}")
    raise typer.Exit


@app.callback()
def _program(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
    json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
) -> None:
    del version
    if json:
        raise typer.BadParameter(sentence("usage_json_behind", {}, spoken()))


def main() -> None:
    """Entry point of the command."""
    # What is loaded stays; looking through it for garbage again and again takes a tenth of the time.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    finally:
        # The process ends; nobody needs the garbage to be looked for once more.
        gc.freeze()


if __name__ == "__main__":
    main()
