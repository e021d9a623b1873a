"""The release of a connection: what goes with it is shown, a person lets it go, and may stop it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from starlette.responses import Response

from mlconnector.flow.agree import four_eyes
from mlconnector.flow.agree import release as releases
from mlconnector.flow.agree.release import WouldGo
from mlconnector.flow.agree.released import released
from mlconnector.flow.preview.list_rows import seed_title
from mlconnector.mapping.seeds import seed
from mlconnector.store import connections
from mlconnector.web.console.screens.preview.screen import SCREEN, address_of, exceptions_of
from mlconnector.web.console.visits import Acting, At, Visit, to_place


@SCREEN.page("release")
def show(at: At) -> Response:
    """Whether a connection is released, by whom, and what goes or would go with that."""
    name = at.asked("connection")
    return _shown(at, name) if _is_known(at, name) else to_place(SCREEN.home)


@SCREEN.action("release", "release")
def release(at: Acting) -> Response:
    """Let the bookings of a connection go, as they were shown."""
    name = at.form.get("connection")
    context = at.app.context(name)
    seen = releases.would_go(context)
    if at.form.get("seal") != _seal(seen):
        return _shown(at, name, changed=True)
    given = releases.release(context, at.by, seen)
    back = address_of("release", {"connection": name})
    return at.done("asked" if given is None else "released", back, name=name)


@SCREEN.action("approve", "approve")
def approve(at: Acting) -> Response:
    """Let go as a second person what another one has asked for, as it was shown; or decline it."""
    name = at.form.get("connection")
    context, back = at.app.context(name), address_of("release", {"connection": name})
    if at.form.get("decline"):
        four_eyes.decline(at.app.services, four_eyes.asked_of(at.app.services, name, "release"), at.by)
        return at.done("declined", back, name=name)
    seen = releases.would_go(context)
    if at.form.get("seal") != _seal(seen):
        return _shown(at, name, changed=True)
    releases.approve(context, at.by, seen)
    return at.done("released", back, name=name)


@SCREEN.page("hold", "hold")
def ask_to_hold(at: At) -> Response:
    """Ask before nothing more of a connection goes."""
    name = at.asked("connection")
    if not _is_known(at, name):
        return to_place(SCREEN.home)
    back = address_of("release", {"connection": name})
    return at.confirmation("hold", "hold", {"connection": name}, back=back, name=name)


@SCREEN.action("hold", "hold")
def hold(at: Acting) -> Response:
    """Let nothing more of a connection go, until somebody releases it again."""
    name = at.form.get("connection")
    held = releases.withdraw(at.app.context(name), at.by)
    back = address_of("release", {"connection": name})
    return at.done("held" if held else "was_held", back, name=name)


def _shown(at: Visit, name: str, *, changed: bool = False) -> Response:
    context = at.app.context(name)
    with at.app.database.read() as db:
        given = released(connections.read(db, name))
    seen = releases.would_go(context)
    known = [(one, seed(one, context.rules)) for one in seen.unconfirmed]
    unconfirmed = [key if one is None else seed_title(one, at.language) for key, one in known]
    return at.shown(
        "release.html",
        name=name,
        released=given,
        seen=seen,
        seal=_seal(seen),
        unconfirmed=unconfirmed,
        exceptions=exceptions_of(at, {"connection": name}),
        bookings=address_of("", {"connection": name}),
        changed=changed,
        two_people=four_eyes.are_wanted(at.app.services),
        asked=four_eyes.open_request(at.app.services, "release", name),
    )


def _is_known(at: Visit, name: str) -> bool:
    with at.app.database.read() as db:
        return any(row.name == name for row in connections.every(db))


def _seal(seen: WouldGo) -> str:
    """What another set of bookings would not have."""
    shown = {name: value for name, value in asdict(seen).items() if name != "read_at"}
    return hashlib.sha256(json.dumps(shown, default=str, sort_keys=True).encode()).hexdigest()
