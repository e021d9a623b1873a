"""The screen of warehouses: settings as a text that is checked, credentials, tables, files of others."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.warehouse import asking, credentials, imports
from mlconnector.flow.warehouse.shown import warehouse_data
from mlconnector.flow.warehouse.target import Target, target_of, targets
from mlconnector.mapping.sheets import LARGEST_FILE
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings, read_warehouses
from mlconnector.systems.registry import warehouse_names, warehouse_system
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.screens.setup.screen import complaints
from mlconnector.web.console.visits import Acting, At

SCREEN = Screen("warehouses", order=0, verb="see", path="warehouses")
_FIELD = "secret "
_FILE = "warehouse.toml"


@SCREEN.page()
def show(at: At) -> Response:
    """Where tables go, what they hold, what has not arrived, and what can be done about it."""
    found = targets(at.app.services)
    return at.shown(
        "warehouses.html",
        targets=[(one, warehouse_data(one, at.language), _missing(one)) for one in found],
        field=_FIELD,
        moment_of=datetime.fromisoformat,
        may_load=at.viewer.may("warehouse") and at.parts.work is not None,
        is_loading=at.parts.work is not None and at.parts.work.is_loading(),
        others=[one for one in warehouse_names() if one not in {target.name for target in found}],
    )


@SCREEN.page("settings", "warehouse")
def write(at: At) -> Response:
    """The settings of a warehouse as a text, with everything that may stand in it."""
    system = warehouse_system(at.asked("warehouse"))
    if system is None:
        raise NeedsHuman(Problem("no_warehouse"))
    return at.shown("settings.html", text=system.example(), wrong=[], is_checked=False)


@SCREEN.action("settings", "warehouse")
def check(at: Acting) -> Response:
    """Say what is wrong with the text; one that can be used is given as a file."""
    text = at.form.raw("text").replace("\r\n", "\n")
    try:
        found = read_warehouses(text, _FILE)
    except UnreadableSettings as error:
        wrong = complaints(error.complaints, text, at.language)
        return at.shown("settings.html", HTTPStatus.CONFLICT, text=text, wrong=wrong, is_checked=True)
    if not found:
        raise NeedsHuman(Problem("no_warehouse"))
    if at.form.get("then") == "file":
        headers = {"Content-Disposition": f'attachment; filename="{_FILE}"'}
        return Response(text.encode(), media_type="application/toml", headers=headers)
    return at.shown("settings.html", text=text, wrong=[], is_checked=True)


@SCREEN.action("credentials", "warehouse")
def give(at: Acting) -> Response:
    """Try credentials, and seal them where they are accepted."""
    target = target_of(at.app.services, at.form.get("warehouse"))
    given = {one: value for one in target.wanted if (value := at.form.raw(f"{_FIELD}{one}").strip())}
    if not given:
        return at.done("nothing_given")
    step = credentials.give(target, given, at.by)
    return at.done("sealed" if step.outcome == "ok" else "sealed_untested", names=", ".join(given))


@SCREEN.action("load", "warehouse")
def load(at: Acting) -> Response:
    """Have what is new loaded now, or one load once more."""
    if at.parts.work is None:
        raise NeedsHuman(Problem("loads_elsewhere"))
    load_id = ""
    if at.form.get("load"):
        _, row = asking.ask_again(at.app.services, at.form.get("load"), at.by)
        load_id = row.id
    else:
        asking.ask_for_new(at.app.services, at.by)
    at.parts.work.start_load(load_id)
    return at.done("load_begun")


@SCREEN.action("file", "warehouse", largest=LARGEST_FILE)
def take(at: Acting) -> Response:
    """Take a file of other software in; the next load carries it."""
    target, file = target_of(at.app.services, at.form.get("warehouse")), at.form.files.get("file")
    if file is None or not file.content:
        return at.done("no_file")
    taken = imports.take(target, file.name, file.content)
    if taken.problem is not None:
        raise NeedsHuman(taken.problem)
    return at.done(f"file_{taken.outcome}", file=taken.file_name, client=taken.client)


def _missing(target: Target) -> list[str]:
    """The credentials that are wanted and not there."""
    there = target.secrets()
    return [one for one in target.wanted if one not in there]
