"""What the API gives and takes of the places that are told things."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mlconnector.flow.notify.addresses import LONGEST, Kind
from mlconnector.flow.notify.matters import Occasion
from mlconnector.texts.language import Language
from mlconnector.web import shapes

_Value = Annotated[str, StringConstraints(max_length=LONGEST)]


class Failure(BaseModel):
    """Why the latest message did not get there."""

    key: str
    what: str
    why: str
    do: str


class Place(BaseModel):
    """A place that is told things; its address is sealed."""

    place: str
    kind: Kind
    goes_to: str = Field(description="as far as it is shown; empty where it cannot be opened")
    occasions: list[Occasion]
    language: Language
    added_at: datetime
    added_by: str
    told_at: datetime | None
    waiting: int = Field(description="how much it is to be told with its next message")
    failing_since: datetime | None
    next_try_at: datetime | None
    failure: Failure | None


class Places(BaseModel):
    """All places, by name."""

    places: list[Place]


class NewPlace(BaseModel):
    """A place to be added; `fields` are those of its kind, such as `address` of a webhook."""

    model_config = ConfigDict(extra="forbid")

    place: shapes.Text
    kind: Kind
    fields: dict[shapes.Text, _Value] = Field(max_length=10)
    occasions: list[Occasion] = Field(default=[], description="all where none is named")
    language: Language | None = Field(
        default=None, description="that of the installation where it is not named"
    )


class ChangedPlace(BaseModel):
    """What is to be otherwise; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    occasions: list[Occasion] = []
    language: Language | None = None


class RemovedPlace(BaseModel):
    """A place that is there no longer."""

    place: str
    removed: bool
