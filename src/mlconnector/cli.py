"""`ml-connector`: the commands put together."""

from __future__ import annotations

import typer

from mlconnector.commands import (
    aside,
    audit,
    charts,
    check,
    demo,
    explain,
    inbox,
    logging_in,
    numbers,
    open_day,
    person_accounts,
    ping,
    preview,
    records,
    release,
    repairs,
    reread,
    rules,
    serve,
    setup,
    status,
    working,
)

app = typer.Typer(
    name="ml-connector",
    help="Carries finished business documents into DATEV: exactly once, with every booking explained.\n\n"
    "First: init, connect, login, ping. Then: preview, release, run - or serve and worker. "
    "Exit codes: 0 fine, 1 problems found, 2 wrong use, 3 login needed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
audits = typer.Typer(help="Prove and tell what happened.", no_args_is_help=True)
chart = typer.Typer(help="A client's own chart of accounts.", no_args_is_help=True)
number = typer.Typer(help="Numbers of debtors and creditors.", no_args_is_help=True)
vault = typer.Typer(help="Look after sealed credentials.", no_args_is_help=True)

for command in (
    setup.init,
    setup.connect,
    logging_in.login,
    ping.ping,
    preview.preview,
    release.release,
    working.run,
    serve.serve,
    working.worker,
    status.status,
):
    app.command()(command)
app.command("inbox")(inbox.show_inbox)
app.command("vouchers")(records.list_vouchers)
app.command("batches")(records.list_batches)
app.command("batch")(records.show_batch)
app.command()(repairs.replay)
app.command()(aside.ignore)
app.command("booked-by-hand")(aside.booked_by_hand)
app.command()(aside.unignore)
app.command()(reread.reread)
app.command()(repairs.resume)
app.command()(repairs.resend)
app.command("rules")(rules.show_rules)
app.command()(rules.confirm)
app.add_typer(chart, name="chart")
chart.command("import")(charts.chart_import)
chart.command("export")(charts.chart_export)
app.add_typer(number, name="numbers")
number.command("import")(numbers.numbers_import)
number.command("bind")(numbers.numbers_bind)
number.command("unbind")(numbers.numbers_unbind)
number.command("list")(numbers.numbers_list)
app.command()(person_accounts.persons)
app.command("open-from")(open_day.open_from)
app.add_typer(audits, name="audit")
audits.command("verify")(audit.audit_verify)
audits.command("head")(audit.audit_head)
audits.command("seal")(audit.audit_seal)
audits.command("show")(audit.audit_show)
audits.command("http")(audit.audit_http)
app.command("check")(check.check_files)
app.command()(explain.explain)
app.command()(demo.demo)
app.command()(setup.disconnect)
app.add_typer(vault, name="vault")
vault.command("rotate")(setup.rotate)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
