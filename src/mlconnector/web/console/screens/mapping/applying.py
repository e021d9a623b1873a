"""A change of the mapping is applied once its difference was seen; nothing but the mapping is changed so."""

from __future__ import annotations

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import drafts
from mlconnector.flow.connect import setup
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings, parse_toml
from mlconnector.store.drafts import Draft
from mlconnector.web.console.screens.mapping.screen import SCREEN, place
from mlconnector.web.console.visits import Acting, At, Visit, to_place


def begin_change(at: Visit, context: Context, text: str, back: str) -> Response:
    """Keep a changed text as a draft and lead on to its difference, or show why it will not do."""
    try:
        at.app.services.read(text, context.name)
    except UnreadableSettings as error:
        wrong = [one.words(at.language) for one in error.complaints]
        return at.shown("refused.html", name=context.name, wrong=wrong, back=back)
    if text == context.settings.text:
        return at.done("nothing_changes", back)
    drafts.keep(at.app.services, context.name, "mapping", text.encode(), at.by)
    return to_place(place("apply", context.name))


@SCREEN.page("apply", "map")
def ask(at: At) -> Response:
    """What the change would do."""
    name = at.asked("connection")
    context, draft = at.app.context(name), drafts.kept(at.app.services, name, "mapping")
    if draft is None:
        return to_place(place("rows", context.name))
    text = draft.content.decode()
    return at.shown(
        "apply.html",
        name=name,
        draft=draft,
        difference=setup.difference(context.settings.text, text),
        seen=drafts.mark(text, context.settings.text),
    )


@SCREEN.action("apply", "map")
def apply(at: Acting) -> Response:
    """Apply the change as it was seen."""
    name = at.form.get("connection")
    context = at.app.context(name)
    text, before = _draft(at, name).content.decode(), context.settings
    drafts.refuse_unseen(at.form.get("seen"), drafts.mark(text, before.text), name)
    after = at.app.services.read(text, name)
    if not _is_mapping_only(before, after):
        raise NeedsHuman(Problem("mapping_only", {"name": name}))
    # Who changes a row has not confirmed what follows from it, whatever the settings say of earlier days.
    setup.connect(at.app.services, after, {}, at.by, confirms=False)
    drafts.discard(at.app.services, name, "mapping")
    return at.done("applied", place("rows", name), name=name)


@SCREEN.action("discard", "map")
def discard(at: Acting) -> Response:
    """Forget the change."""
    name = at.form.get("connection")
    drafts.discard(at.app.services, name, "mapping")
    return at.done("discarded", place("rows", name))


def _draft(at: Visit, name: str) -> Draft:
    found = drafts.kept(at.app.services, name, "mapping")
    if found is None:
        raise HTTPException(404)
    return found


def _is_mapping_only(before: ConnectionSettings, after: ConnectionSettings) -> bool:
    """Whether two settings differ in nothing but their mapping."""
    plain = [
        {key: value for key, value in parse_toml(one.text, one.name).items() if key != "mapping"}
        for one in (before, after)
    ]
    return plain[0] == plain[1]
