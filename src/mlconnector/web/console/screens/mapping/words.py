"""What the source calls its tax rules, accounts and places, and what is chosen for each; open ones first."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from mlconnector.flow.agree import mapping_edit, mapping_form, mapping_rows, own_words, told_words
from mlconnector.flow.agree.mapping_form import FormRow, possible_cases
from mlconnector.flow.agree.mapping_rows import Taken
from mlconnector.flow.agree.own_words import Choice, MappedWord
from mlconnector.flow.context.context import Context
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.sheets import LARGEST_FILE
from mlconnector.texts.catalogue import word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.screens.mapping.applying import begin_change
from mlconnector.web.console.screens.mapping.screen import SCREEN, ShownFault, faults_in_words, place, tabs
from mlconnector.web.console.visits import Acting, At, Visit

_ORDER = ("open", "by_default", "mapped", "not_needed")
_CHOSEN = ("called", "value", "tax_case", "account", "automatic", "cost_centre", "valid_from")
_TAKES = {"tax_case": ("tax_case",), "revenue": ("tax_case", "account"), "expense": ("tax_case", "account")}


@SCREEN.page("words")
def show(at: At) -> Response:
    """The words as they were told last, with what the mapping says of each."""
    return _page(at, at.app.context(at.asked("connection")))


@SCREEN.action("words/ask", "map")
def ask(at: Acting) -> Response:
    """Ask the source for its words now."""
    name = at.form.get("connection")
    told = told_words.ask(at.app.context(name))
    return at.done("asked", place("words", name), count=len(told.words))


@SCREEN.action("words/choose", "map")
def choose(at: Acting) -> Response:
    """Take over what was chosen on the page, as the form to fill in would be."""
    context = at.app.context(at.form.get("connection"))
    given = zip(*(at.form.all(one) for one in _CHOSEN), strict=False)
    rows = [
        FormRow(line, dict(zip(_CHOSEN, cells, strict=True)), _headings(at))
        for line, cells in enumerate(given, start=1)
    ]
    return _taken(at, context, mapping_rows.take_rows(context, rows))


@SCREEN.action("words/upload", "map", largest=LARGEST_FILE)
def upload(at: Acting) -> Response:
    """Take over a form that was filled in elsewhere."""
    context, file = at.app.context(at.form.get("connection")), at.form.files.get("file")
    return _taken(at, context, mapping_rows.take(context, file.content if file is not None else b""))


def _headings(at: Visit) -> dict[str, str]:
    return {one: word("mapping_column", one, at.language) for one in _CHOSEN}


def _taken(at: Visit, context: Context, taken: Taken) -> Response:
    if taken.faults:
        faults = faults_in_words(at, context.name, taken.faults)
        return _page(at, context, faults, HTTPStatus.CONFLICT)
    text = mapping_edit.edited(context.settings.text, taken.parts)
    return begin_change(at, context, text, place("words", context.name))


def _page(
    at: Visit,
    context: Context,
    faults: Sequence[ShownFault] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    told = told_words.latest(context)
    found = [] if told is None else own_words.mapped(told.words, context.rules.mapping)
    if at.asked("as") in FORMS:
        heads = mapping_form.headings(at.language)
        rows = mapping_form.form_rows(found, at.language)
        return downloaded(at.asked("as"), at.say("tab_words"), heads, rows, at.language)
    wanted, standing = at.asked("wanted").casefold(), at.asked("standing")
    shown = sorted(
        (
            one
            for one in found
            if standing in ("", one.standing) and wanted in f"{one.word.value} {one.word.name}".casefold()
        ),
        key=lambda one: _ORDER.index(one.standing),
    )
    paging = at.paging(len(shown))
    return at.shown(
        "words.html",
        status,
        name=context.name,
        source=context.settings.source_system.title,
        tells=context.settings.source_system.own_words is not None,
        tabs=tabs(at, context, "words"),
        told=told,
        words=[
            (one, _choice(at, one), _cases(at, one)) for one in shown[max(paging.first - 1, 0) : paging.last]
        ],
        takes=_TAKES,
        paging=paging,
        standings=_ORDER,
        faults=faults,
    )


def _choice(at: Visit, one: MappedWord) -> dict[str, str]:
    """What was chosen for a word last, as the form has it."""
    choice = max(one.rows, key=lambda row: row.begins).choice if one.rows else Choice()
    by_case = word("chosen_account", "by_tax_case", at.language)
    return {
        "tax_case": choice.tax_case,
        "account": by_case if choice.by_tax_case else choice.account,
        "automatic": "" if choice.automatic is None else str(choice.automatic).lower(),
        "cost_centre": choice.cost_centre,
        "valid_from": "" if choice.valid_from is None else choice.valid_from.isoformat(),
    }


def _cases(at: Visit, one: MappedWord) -> list[tuple[str, str]]:
    """The tax cases that a word may mean; none for a word that has none."""
    own = one.word
    if own.table == "tax_case":
        names = possible_cases(own)
    elif own.table in {"revenue", "expense"}:
        direction = "sale" if own.table == "revenue" else "purchase"
        names = [case.name for case in tax_cases().values() if case.direction == direction]
    else:
        return []
    return sorted(((name, tax_cases()[name].title[at.language]) for name in names), key=lambda pair: pair[1])
