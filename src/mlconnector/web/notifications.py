"""The places for notifications of the JSON API: what `ml-connector notify` shows and does."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from mlconnector.flow.notify import places
from mlconnector.flow.notify.shown import place_data
from mlconnector.web import shapes
from mlconnector.web import shapes_of_notifications as notification_shapes
from mlconnector.web.parts import WHO, Web

router = APIRouter(prefix="/notifications")


@router.get("")
def list_places(web: Web) -> notification_shapes.Places:
    """Where messages are sent, and whether they get there."""
    language = web.application.settings.language
    found = [place_data(one, language) for one in places.every(web.application.services)]
    return notification_shapes.Places.model_validate({"places": found})


@router.post("", status_code=HTTPStatus.CREATED)
def add_place(wanted: notification_shapes.NewPlace, web: Web) -> notification_shapes.Place:
    """Add a place, once a trial message gets there; its address is sealed and never given again."""
    services = web.application.services
    places.add(
        services,
        wanted.place,
        wanted.kind,
        wanted.fields,
        WHO,
        occasions=wanted.occasions,
        language=wanted.language,
    )
    return _place(web, wanted.place)


@router.post("/{place}/change")
def change_place(
    place: shapes.Text, wanted: notification_shapes.ChangedPlace, web: Web
) -> notification_shapes.Place:
    """Change of what a place is told, or in which language; what is not named stays."""
    services = web.application.services
    places.change(services, place, WHO, occasions=wanted.occasions, language=wanted.language)
    return _place(web, place)


@router.post("/{place}/test")
def test_place(place: shapes.Text, web: Web) -> notification_shapes.Place:
    """Send a trial message to a place."""
    places.try_out(web.application.services, place, WHO)
    return _place(web, place)


@router.post("/{place}/remove")
def remove_place(place: shapes.Text, web: Web) -> notification_shapes.RemovedPlace:
    """Remove a place, and delete its address."""
    places.remove(web.application.services, place, WHO)
    return notification_shapes.RemovedPlace(place=place, removed=True)


def _place(web: Web, name: str) -> notification_shapes.Place:
    found = places.found(web.application.services, name)
    return notification_shapes.Place.model_validate(place_data(found, web.application.settings.language))
