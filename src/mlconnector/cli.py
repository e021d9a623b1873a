"""`ml-connector`: the commands put together."""

from __future__ import annotations

import typer

from mlconnector.commands import (
    agreeing,
    caring,
    charts,
    checking,
    demonstrating,
    explaining,
    logbook,
    logging_in,
    numbers,
    persons,
    pinging,
    previewing,
    proving,
    serving,
    setting_up,
    showing,
    working,
)

app = typer.Typer(
    name="ml-connector",
    help="Carries finished business documents into DATEV: exactly once, with every booking explained.\n\n"
    "First: init, connect, login, ping. Then: preview, run - or serve and worker. "
    "Exit codes: 0 fine, 1 problems found, 2 wrong use, 3 login needed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
audit = typer.Typer(help="Prove and tell what happened.", no_args_is_help=True)
chart = typer.Typer(help="A client's own chart of accounts.", no_args_is_help=True)
number = typer.Typer(help="Numbers of debtors and creditors.", no_args_is_help=True)
vault = typer.Typer(help="Look after sealed credentials.", no_args_is_help=True)

for command in (
    setting_up.init,
    setting_up.connect,
    logging_in.login,
    pinging.ping,
    previewing.preview,
    working.run,
    serving.serve,
    working.worker,
    showing.status,
):
    app.command()(command)
app.command("inbox")(showing.show_inbox)
app.command()(caring.replay)
app.command()(caring.ignore)
app.command()(caring.resume)
app.command()(caring.resend)
app.command("rules")(agreeing.show_rules)
app.command()(agreeing.confirm)
app.add_typer(chart, name="chart")
chart.command("import")(charts.chart_import)
chart.command("export")(charts.chart_export)
app.add_typer(number, name="numbers")
number.command("import")(numbers.numbers_import)
number.command("bind")(numbers.numbers_bind)
number.command("list")(numbers.numbers_list)
app.command()(persons.persons)
app.add_typer(audit, name="audit")
audit.command("verify")(proving.audit_verify)
audit.command("show")(proving.audit_show)
audit.command("http")(logbook.audit_http)
app.command("check")(checking.check_files)
app.command()(explaining.explain)
app.command()(demonstrating.demo)
app.command()(setting_up.disconnect)
app.add_typer(vault, name="vault")
vault.command("rotate")(setting_up.rotate)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
