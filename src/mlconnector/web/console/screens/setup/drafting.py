"""The settings of a connection as a form over their text, which is checked as a connection file and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.flow.agree import drafts
from mlconnector.flow.connect.settings_form import (
    NOT_PLACED,
    Entered,
    FormField,
    FormGroup,
    entered,
    fields_of,
    form_of,
)
from mlconnector.settings import Complaint, UnreadableSettings
from mlconnector.web.console.screens.setup.screen import (
    LARGEST_TEXT,
    SCREEN,
    Wrong,
    as_file,
    complaints,
    drafted,
    existing,
    place,
    steps,
)
from mlconnector.web.console.visits import Acting, At, Visit, to_place

FIELD, WAS = "field ", "was "
_LARGEST_FORM = 4 * LARGEST_TEXT
"""A form sends the text with all that is not a letter written out."""
_FEW = 6


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field of the form: what it is filled with, what it was filled with, and what is wrong with it."""

    of: FormField
    values: Sequence[str]
    error: str


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Fields that belong together: those that are seen at once, and the others, by what these are called.

    `is_open` says that something is wrong among the others, `wrong` how much is wrong in all.
    """

    of: FormGroup
    essential: Sequence[ShownField]
    others: Sequence[ShownField]
    about: str
    is_open: bool
    wrong: int


@dataclass(frozen=True, slots=True)
class _Faults:
    """What keeps a draft from being used: complaints about the text, and fields that were not understood."""

    complaints: Sequence[Complaint] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    is_lost: bool = False

    @property
    def any(self) -> bool:
        return bool(self.complaints or self.refused or self.is_lost)


@SCREEN.page("draft", "connect")
def edit(at: At) -> Response:
    """The settings as they were left, with what is wrong with them; or as a file."""
    name = at.asked("connection")
    text = drafted(at, name)
    if text is None:
        raise HTTPException(404)
    if at.asked("as") == "toml":
        return as_file(name, text)
    return _page(at, name, text, _Faults(wrong_with(at, name, text)))


@SCREEN.action("draft", "connect", largest=_LARGEST_FORM)
def keep(at: Acting) -> Response:
    """Keep the settings as they are, and go on where nothing is wrong with them."""
    name = at.form.get("connection")
    found = _entered(at)
    if drafted(at, name) is None:
        raise HTTPException(404)
    drafts.keep(at.app.services, name, "settings", found.text.encode(), at.by)
    is_left = at.form.get("then") == "later"
    faults = _Faults(() if is_left else wrong_with(at, name, found.text), found.refused, found.is_lost)
    if faults.any:
        return _page(at, name, found.text, faults, HTTPStatus.CONFLICT)
    if is_left:
        return at.done("kept", name=name)
    return to_place(place("apply", name))


def wrong_with(at: Visit, name: str, text: str) -> list[Complaint]:
    """What keeps a text from being the settings of a connection."""
    try:
        at.app.services.read(text, name)
    except UnreadableSettings as error:
        return list(error.complaints)
    return []


def _entered(at: Visit) -> Entered:
    """The text of the form with what was changed in its fields; in all others the text holds."""
    text = at.form.raw("text").replace("\r\n", "\n")
    was = {one.removeprefix(WAS): at.form.all(one) for one in at.form.values if one.startswith(WAS)}
    return entered(text, was, {one: at.form.all(f"{FIELD}{one}") for one in was}, at.language)


def _page(at: Visit, name: str, text: str, faults: _Faults, status: HTTPStatus = HTTPStatus.OK) -> Response:
    is_there = existing(at, name) is not None
    begun = drafts.kept(at.app.services, name, "settings") is not None
    groups = form_of(text, at.language)
    labels = {one.name: one.words.label for group in groups for one in group.fields}
    wrong = complaints(faults.complaints, text, at.language)
    places = [fields_of(one, groups) for one in faults.complaints]
    told = [
        replace(
            one, fields=tuple((each, labels[each]) for each in found), words=_plain(one, complaint, found)
        )
        for one, complaint, found in zip(wrong, faults.complaints, places, strict=True)
    ]
    errors = {each: one.words for one in reversed(told) for each, _ in one.fields}
    refused = {each: at.say(f"unclear_{key}") for each, key in faults.refused.items()}
    told += [Wrong(None, "", words, ((each, labels.get(each, each)),)) for each, words in refused.items()]
    return at.shown(
        "draft.html",
        status,
        steps=steps(at, "settings", name, is_there=is_there),
        name=name,
        text=text,
        wrong=told,
        is_lost=faults.is_lost,
        text_open=not groups or NOT_PLACED in faults.refused.values() or any(not one.fields for one in told),
        groups=[_shown(at, one, {**errors, **refused}, faults.refused) for one in groups],
        field=FIELD,
        was=WAS,
        is_there=is_there,
        begun=begun,
    )


def _plain(one: Wrong, complaint: Complaint, fields: Sequence[str]) -> str:
    """What is wrong, without the name of the setting where a field says that."""
    return one.words.removeprefix(f"{complaint.name}: ") if fields else one.words


def _shown(at: Visit, group: FormGroup, errors: Mapping[str, str], refused: Mapping[str, str]) -> ShownGroup:
    """A group of fields; what was refused is shown as it was typed."""
    fields = [
        ShownField(
            one,
            at.form.all(f"{FIELD}{one.name}") if one.name in refused else one.values,
            errors.get(one.name, ""),
        )
        for one in group.fields
    ]
    essential = [one for one in fields if one.of.words.is_essential]
    others = [one for one in fields if not one.of.words.is_essential]
    labels = [one.of.words.label for one in others[:_FEW]]
    about = ", ".join(labels) + (" …" if len(others) > _FEW else "")
    wrong = sum(bool(one.error) for one in fields)
    return ShownGroup(group, essential, others, about, any(one.error for one in others), wrong)
