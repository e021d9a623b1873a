"""What the API takes and gives about logins, DATEV's limits, and sending again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Reason = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]


class Login(BaseModel):
    """How a connection is logged in to a system."""

    system: str
    until: datetime | None = Field(description="when it ends by itself; null for never logged in")
    by: str = Field(description="full name of the person who logged in, where the system tells it")
    needed: bool = Field(description="somebody has to log in")
    client: str = Field(description="the only client that a long-term login is good for")
    link: str = Field(description="where people see and end what they allowed applications to do")
    not_revoked: bool = Field(description="an earlier login could not be revoked yet")


class SinkRequests(BaseModel):
    """What was asked of the sink, against the limits that it sets."""

    requests: int
    gets: int
    transfers: int = Field(description="documents and Buchungsstapel that DATEV took")
    gets_per_transfer: float | None
    error_share: float = Field(description="answered with 4xx or 5xx, from 0 to 1")
    alarms: list[Literal["gets", "errors"]] = Field(description="limits that are not kept")


class Link(BaseModel):
    """A link to the page of a connection; whoever has it may log in to DATEV for this connection."""

    connection: str
    link: str
    valid_until: datetime


class Resumed(BaseModel):
    """A connection that goes on."""

    connection: str
    resumed: bool


class ResendRequest(BaseModel):
    """Why a Buchungsstapel is handed over once more."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="kept in the audit trail")
    again: bool = Field(default=False, description="also when DATEV has taken it: it may be booked twice")


class Resent(BaseModel):
    """A Buchungsstapel that is handed over once more."""

    batch: str
    file: str
    before: str = Field(description="the state that it was in")
    reason: str
