"""Commands for notifications: notify list, add, test and remove."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mlconnector.commands import given_credentials
from mlconnector.commands.output import (
    AsJson,
    Exit,
    Spoken,
    answered,
    application,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    print_words,
    say,
    spoken_language,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify import places
from mlconnector.flow.notify.addresses import FIELDS, Kind
from mlconnector.flow.notify.matters import OCCASIONS, Occasion
from mlconnector.flow.notify.places import Place
from mlconnector.flow.notify.shown import place_data
from mlconnector.settings import UnreadableSettings, refuse
from mlconnector.texts.catalogue import explain
from mlconnector.texts.notation import moment

PlaceName = Annotated[str, typer.Argument()]


def notify_list(json: AsJson = False) -> None:
    """Show where messages are sent, and whether they get there."""
    with answered(), application() as app:
        found = places.every(app.services)
        if json:
            print_json([place_data(one, language()) for one in found])
        elif not found:
            say("notify_none")
        else:
            _show(found)
        if any(one.failure is not None for one in found):
            raise typer.Exit(Exit.PROBLEMS)


def notify_add(
    place: PlaceName,
    kind: Annotated[Kind, typer.Argument()],
    secrets_file: Annotated[Path | None, typer.Option()] = None,
    occasion: Annotated[list[str] | None, typer.Option()] = None,
    spoken: Spoken = None,
    json: AsJson = False,
) -> None:
    """Add a place, once a trial message gets there."""
    with answered(), application() as app:
        wanted, told = spoken_language(spoken), _occasions_named(occasion or [])
        places.refuse_taken(app.services, place)
        given = _given(kind, secrets_file)
        places.add(app.services, place, kind, given, somebody(), occasions=told, language=wanted)
        _end("notify_added", app.services, place, json=json)


def notify_change(
    place: PlaceName,
    occasion: Annotated[list[str] | None, typer.Option()] = None,
    spoken: Spoken = None,
    json: AsJson = False,
) -> None:
    """Change of what a place is told, or in which language; its address stays."""
    with answered(), application() as app:
        told = _occasions_named(occasion or [])
        wanted = spoken_language(spoken) if spoken else None
        places.change(app.services, place, somebody(), occasions=told, language=wanted)
        _end("notify_changed", app.services, place, json=json)


def notify_test(place: PlaceName, json: AsJson = False) -> None:
    """Send a trial message to a place."""
    with answered(), application() as app:
        places.try_out(app.services, place, somebody())
        _end("notify_tried", app.services, place, json=json)


def notify_remove(place: PlaceName, json: AsJson = False) -> None:
    """Remove a place, and delete its address."""
    with answered(), application() as app:
        places.remove(app.services, place, somebody())
        if json:
            print_json({"place": place, "removed": True})
        else:
            say("notify_removed", place=place)


def _show(found: Sequence[Place]) -> None:
    heads = [phrase(f"heading_{part}") for part in ("place", "kind", "goes_to", "occasions", "told_at")]
    rows = [
        (one.name, named("notify_kind", one.kind), one.goes_to, _occasions(one), _told_at(one))
        for one in found
    ]
    print_table(heads, rows)
    for one in found:
        if one.failure is not None:
            words = explain(one.failure.key, one.failure.facts, language())
            said = phrase("notify_waiting", place=one.name, count=one.waiting, next_at=one.next_try_at)
            paragraph(said, style="bold")
            paragraph(words.what, 2)
            print_words(words, 4)


def _told_at(one: Place) -> str:
    return "" if one.told_at is None else moment(one.told_at, language())


def _occasions(one: Place) -> str:
    if one.occasions == OCCASIONS:
        return phrase("notify_all")
    return ", ".join(named("occasion", each) for each in one.occasions)


def _occasions_named(given: Sequence[str]) -> list[Occasion]:
    """The occasions that somebody has named. Raises UnreadableSettings for one that there is not."""
    unknown = [one for one in given if one not in OCCASIONS]
    if unknown:
        template = "“{given}” will not do; possible is one of {known}"
        refuse("--occasion", template, given=unknown[0], known=", ".join(OCCASIONS))
    return [one for one in OCCASIONS if one in given]


def _end(key: str, services: Services, name: str, *, json: bool) -> None:
    if json:
        print_json(place_data(places.found(services, name), language()))
    else:
        say(key, place=name)


def _given(kind: Kind, file: Path | None) -> dict[str, str]:
    """The fields of a place out of a file, or as somebody types them in. Raises UnreadableSettings."""
    known = [f"{kind}.{one.name}" for one in FIELDS[kind]]
    if file is None:
        if not given_credentials.can_ask(file):
            said = phrase("secrets_missing", names=", ".join(known))
            raise UnreadableSettings("notify add", None, f"{said}\n{given_credentials.as_tables(known)}")
        needed = [f"{kind}.{one.name}" for one in FIELDS[kind] if one.is_needed]
        given = given_credentials.asked(needed)
        given |= given_credentials.asked_once([name for name in known if name not in needed])
    else:
        given, unknown = given_credentials.given_in(file, known)
        if unknown or not given:
            said = phrase("secret_unknown", names=", ".join(unknown), known=", ".join(known))
            raise UnreadableSettings(given_credentials.place_of(file), None, said)
    return {name.partition(".")[2]: value for name, value in given.items()}
