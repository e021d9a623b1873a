"""What the API takes and gives where people decide: what is left out, and whose a number is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mlconnector.web.shapes import Text


class AsideRequest(BaseModel):
    """Which vouchers are left out, or were booked by hand: exactly one of the two, and why."""

    model_config = ConfigDict(extra="forbid")

    vouchers: list[Text] = Field(
        default_factory=list, max_length=10_000, description="by number, external id or key"
    )
    cause: Text | None = Field(None, description="all that wait for this cause")
    reason: Text = Field(description="kept in the audit trail, and shown where they are listed")

    @model_validator(mode="after")
    def _says_which(self) -> AsideRequest:
        if bool(self.vouchers) == (self.cause is not None):
            raise ValueError("say which: vouchers or cause")
        return self


class PutAside(BaseModel):
    """What is left out, or was booked by hand, from now on."""

    connection: str
    state: Literal["ignored", "booked_by_hand"]
    vouchers: list[str] = Field(description="their numbers, or ids in the source")
    count: int
    reason: str
    by: str


class TakeBackRequest(BaseModel):
    """Which vouchers are decided anew that were left out or booked by hand."""

    model_config = ConfigDict(extra="forbid")

    vouchers: list[Text] = Field(min_length=1, max_length=10_000, description="by number, external id or key")
    reason: Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")] = ""


class TakenBack(BaseModel):
    """What the next run reads again and decides anew."""

    connection: str
    taken_back: int
    vouchers: list[str] = Field(description="their numbers, or ids in the source")


class HoldRequest(BaseModel):
    """Which vouchers are stopped, and why."""

    model_config = ConfigDict(extra="forbid")

    vouchers: list[Text] = Field(min_length=1, max_length=10_000, description="by number, external id or key")
    reason: Text = Field(description="kept in the audit trail, and shown with the vouchers")


class Held(BaseModel):
    """What is stopped, or is not any more and decided anew by the next run."""

    connection: str
    held: bool
    vouchers: list[str] = Field(description="their numbers, or ids in the source")


class DistinctRequest(BaseModel):
    """Which vouchers are documents of their own, although they look like booked ones, and how one knows."""

    model_config = ConfigDict(extra="forbid")

    vouchers: list[Text] = Field(min_length=1, max_length=10_000, description="by number, external id or key")
    reason: Text = Field(description="kept in the audit trail")
    withdraw: bool = Field(False, description="take it back, until something is on its way to DATEV")


class ToldApart(BaseModel):
    """What the next run decides anew."""

    connection: str
    distinct: bool = Field(description="false where it was taken back")
    vouchers: list[str] = Field(description="their numbers, or ids in the source")


class Number(BaseModel):
    """A debtor or creditor number, and whose it is."""

    number: str
    ledger: Literal["receivable", "payable"]
    party: str | None = Field(description="by the id in the source; null where a list only reserves it")
    name: str
    vat_id: str
    origin: Literal["allocated", "source", "list", "bound"]
    since: datetime
    connection: str


class Numbers(BaseModel):
    """All debtor and creditor numbers of the client of a connection."""

    numbers: list[Number]


class BindRequest(BaseModel):
    """Which number a customer or supplier gets."""

    model_config = ConfigDict(extra="forbid")

    party: Text = Field(description="by the id in the source")
    number: Text
    try_only: bool = Field(default=False, description="only say what would change")


class NumberParty(BaseModel):
    """Who has, or gets, a number: as the latest document has it."""

    party: str
    name: str
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    vat_id: str | None


class BoundNumber(BaseModel):
    """A number that a party has from now on, or would have, and what changes with that."""

    connection: str
    bound: bool
    number: str
    who: NumberParty
    listed_as: str | None = Field(description="the name under which a list reserved the number")
    number_before: str | None = Field(description="the number that the party loses")
    vouchers: list[str] = Field(description="prepared under that number; they are decided anew")


class UnbindRequest(BaseModel):
    """Which number is taken from the party to which a list or a person gave it."""

    model_config = ConfigDict(extra="forbid")

    number: Text = Field(description="the number, or the party that has it")
    reason: Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")] = ""


class UnboundNumber(BaseModel):
    """A number that was taken from its party."""

    connection: str
    number: str
    party: str
    is_reserved: bool = Field(description="a list reserves it again; otherwise it is free")
    vouchers: list[str] = Field(description="prepared under it; they are decided anew")
