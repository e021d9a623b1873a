"""What the API takes and gives where something is set going: runs, logins, releases, replays."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mlconnector.web.shapes import Released, Text


class StartedRun(BaseModel):
    """A run that was begun."""

    id: str


class LoginRequest(BaseModel):
    """Which system to log in to."""

    model_config = ConfigDict(extra="forbid")

    system: Text | None = Field(default=None, description="the sink where none is named")
    ended_there: bool = Field(default=False, description="the earlier login was ended at the system by hand")


class BegunLogin(BaseModel):
    """A login that a person finishes in a browser."""

    connection: str
    system: str
    address: str = Field(description="to be opened in the browser of the person who may consent")
    valid_until: datetime


class Link(BaseModel):
    """A link to the page of a connection; whoever has it may log in to DATEV for this connection."""

    connection: str
    link: str
    valid_until: datetime


class ReleasePart(BaseModel):
    """What of one month, kind and currency would go."""

    period: str
    kind: Literal["sales", "purchases", "payments", "commitments"]
    currency: str
    vouchers: int
    rows: int
    gross: Decimal = Field(description="credit notes and reversals lower it")


class WouldGo(BaseModel):
    """What a release lets go, as far as it was read and decided; what is read later goes, too."""

    client: str
    begin: date | None = Field(description="first document date that is booked; null in old settings only")
    parts: list[ReleasePart]
    persons: int = Field(description="debtors and creditors")
    unconfirmed: list[str] = Field(description="proposed accounts and tax cases that nobody has confirmed")
    held: int = Field(description="vouchers that wait for a human and do not go yet")
    read_at: datetime | None = Field(description="when the latest run ended; null: nothing was read yet")


class ReleaseRequest(BaseModel):
    """Whether to release, or to take a release back."""

    model_config = ConfigDict(extra="forbid")

    withdraw: bool = Field(default=False, description="let nothing more go")


class Release(BaseModel):
    """Whether a connection is released, and what goes or would go with that."""

    connection: str
    released: Released | None
    asked: Released | None = Field(
        default=None, description="who has asked for it, where a second person approves"
    )
    would_go: WouldGo


class Resumed(BaseModel):
    """A connection that goes on."""

    connection: str
    resumed: bool


class ResendRequest(BaseModel):
    """Why a Buchungsstapel is handed over once more."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field(description="kept in the audit trail")
    again: bool = Field(default=False, description="also when DATEV has taken it: it may be booked twice")


class Resent(BaseModel):
    """A Buchungsstapel that is handed over once more."""

    batch: str
    file: str
    before: str = Field(description="the state that it was in")
    reason: str


class ReplayRequest(BaseModel):
    """Which waiting vouchers go on: exactly one of the three."""

    model_config = ConfigDict(extra="forbid")

    vouchers: list[Text] = Field(
        default_factory=list, max_length=10_000, description="by number, external id or key"
    )
    cause: Text | None = Field(None, description="all that wait for this cause")
    all: bool = Field(default=False, description="all that wait")

    @model_validator(mode="after")
    def _says_which(self) -> ReplayRequest:
        if [bool(self.vouchers), self.cause is not None, self.all].count(True) != 1:
            raise ValueError("say which: vouchers, cause or all")
        return self


class Replayed(BaseModel):
    """How many vouchers go on with the next run."""

    connection: str
    replayed: int


class Disconnected(BaseModel):
    """A connection for which nothing is asked any more."""

    connection: str
    not_revoked: list[str] = Field(description="logins that could not be ended there; tried again daily")
    still_valid: list[str] = Field(description="credentials that stay valid in their system")


class RereadRequest(BaseModel):
    """What is read once more: what changed since a day, or everything."""

    model_config = ConfigDict(extra="forbid")

    since: date | None = Field(None, description="what changed since this day; without it, everything")


class Reread(BaseModel):
    """What the next run reads once more."""

    connection: str
    since: date | None
