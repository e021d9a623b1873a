"""`ml-connector`: the commands put together."""

from __future__ import annotations

import typer

from mlconnector.commands import (
    caring,
    demonstrating,
    logging_in,
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
app.add_typer(audit, name="audit")
audit.command("verify")(proving.audit_verify)
audit.command("show")(proving.audit_show)
app.command("check")(proving.check_files)
app.command()(demonstrating.demo)
app.command()(setting_up.disconnect)
app.add_typer(vault, name="vault")
vault.command("rotate")(setting_up.rotate)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
