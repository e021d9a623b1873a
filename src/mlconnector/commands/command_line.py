"""The command line: commands that are loaded when they are given, and an answer whatever becomes of them."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import Any

import typer

# Errors, contexts and formatters are not among the names that the library exports.
from typer._click.core import Command as AnyCommand
from typer._click.core import Context
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mlconnector.commands import document, progress
from mlconnector.environment import spoken
from mlconnector.texts.catalogue import people, sentence

PROGRAM = "ml-connector"
# pydantic would look for plug-ins in every package that is installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# httpx has a command line of its own, for which it would load three more libraries.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is how Python says: not there
_FAILED, _INTERRUPTED = 1, 130


class Command(TyperCommand):
    """A command; `path` is how it is given, e.g. `numbers import`."""

    path = ""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help from its texts."""
        # A command that runs needs neither help nor complaints.
        from mlconnector.commands.help_pages import command_page  # noqa: PLC0415

        formatter.write(command_page(self.path, self, ctx, spoken()))


class Commands(MutableMapping[str, AnyCommand]):
    """Commands by name; each is loaded when it is asked for.

    `places` says for each path, e.g. `numbers import`, which function of which module of this folder it is;
    these are the commands whose path begins with `within`.
    """

    def __init__(self, places: Mapping[str, str], within: str = "") -> None:
        self._places, self._within = places, within
        rests = [path.removeprefix(within) for path in places if path.startswith(within)]
        self._loaded: dict[str, AnyCommand | None] = dict.fromkeys(rest.partition(" ")[0] for rest in rests)

    def __getitem__(self, name: str) -> AnyCommand:
        command = self._loaded[name]
        if command is None:
            command = self._loaded[name] = self._load(name, f"{self._within}{name}")
        return command

    def _load(self, name: str, path: str) -> AnyCommand:
        if path not in self._places:
            return Group(name=name, path=path, commands=Commands(self._places, f"{path} "))
        module, _, function = self._places[path].partition(":")
        called = getattr(import_module(f"mlconnector.commands.{module}"), function)
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(name, cls=Command)(called)
        command = get_command(single)
        if isinstance(command, Command):
            command.path = path
        return command

    def __setitem__(self, name: str, command: AnyCommand) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class Group(TyperGroup):
    """Commands under a common name; the outermost one is the program."""

    def __init__(self, *, path: str = "", **settings: Any) -> None:
        commands = settings.pop("commands")
        super().__init__(**{"rich_markup_mode": None, **settings, "no_args_is_help": True})
        self.path, self.commands = path, commands

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help from its texts; no command is loaded for it."""
        from mlconnector.commands.help_pages import group_page  # noqa: PLC0415 - as above

        formatter.write(group_page(self.path, self, ctx, spoken()))

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - the library's signature
        """The names, without loading what they stand for."""
        return list(self.commands)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002 - what we are called does not depend on the file's name
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end with its exit code; with --json exactly one document is printed."""
        arguments = list(sys.argv[1:] if args is None else args)
        with document.begun(arguments) as asked, progress.watched():
            more = {"complete_var": complete_var, "windows_expand_args": windows_expand_args}
            code = self._ended(arguments, {**extra, **more, "prog_name": PROGRAM})
            if asked.wanted and not asked.printed:
                _print_what_was_said(asked.said, code)
        if standalone_mode:
            sys.exit(code)
        return code

    def _ended(self, arguments: list[str], extra: dict[str, Any]) -> int:
        """The exit code with which a command ends."""
        try:
            ended = super().main(arguments, standalone_mode=False, **extra)
        except NoArgsIsHelpError as error:
            error.show()
            return error.exit_code
        except ClickException as error:
            return _complain(error)
        except typer.Abort:
            return _FAILED
        except Exception:
            if not document.current().wanted:
                raise
            traceback.print_exc()
            language = spoken()
            document.print_problem(
                "broken",
                sentence("unexpected", {}, language),
                why=traceback.format_exc().strip().splitlines()[-1],
                do=sentence("tell_it", {}, language),
                who=people("it", language),
                exit_code=_FAILED,
            )
            return _FAILED
        return ended if isinstance(ended, int) else 0


def _complain(error: ClickException) -> int:
    """Say how a command was used wrongly, and how it is meant."""
    from mlconnector.commands.wrong_use import complaint  # noqa: PLC0415 - as above

    language = spoken()
    what = complaint(error, language)
    ctx = error.ctx if isinstance(error, UsageError) else None
    path = ctx.command_path if ctx else PROGRAM
    look = sentence("usage_help", {"command": f"{path} --help"}, language)
    if document.current().wanted:
        who = people("you", language)
        document.print_problem("wrong_use", what, do=look, who=who, exit_code=error.exit_code)
    else:
        sys.stderr.write(f"{what}\n{look}\n")
    return error.exit_code


def _print_what_was_said(said: Sequence[str], code: int) -> None:
    """The document of a command that has only spoken to people."""
    text = " ".join(said)
    if code:
        document.print_problem("interrupted" if code == _INTERRUPTED else "refused", text, exit_code=code)
    else:
        document.print_json({"said": list(said)})
