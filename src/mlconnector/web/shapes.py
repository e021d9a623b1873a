"""What the API takes and gives, as the OpenAPI description shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from mlconnector.flow.report.search import Unreadable, amounts_of, period_of
from mlconnector.store.connections import ConnectionState
from mlconnector.store.vouchers import VoucherState

# PostgreSQL cannot look for a text with the character zero.
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]


def _readable(read: Callable[[str], object], expected: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            read(text)
        except Unreadable as error:
            raise ValueError(expected) from error
        return text

    return check


Limit = Annotated[int, Query(ge=1, le=1000)]
OnPage = Annotated[int, Query(ge=1, le=1_000_000)]
Period = Annotated[
    Text, AfterValidator(_readable(period_of, "2026, 2026-07, 2026-07-15 or a range like 2026-07..2026-09"))
]
Amount = Annotated[Text, AfterValidator(_readable(amounts_of, "119.00 or a range like 100..200"))]
ListedState = Literal[VoucherState, "reversed"]


class Released(BaseModel):
    """Who lets a connection send to DATEV, and since when."""

    at: datetime
    by: str


class ConnectionSummary(BaseModel):
    """One source account joined to one client (Mandant)."""

    connection: str
    source: str = Field(description="the source system")
    client: str = Field(description="Mandant as `<consultant number>-<client number>`")
    state: ConnectionState
    state_reason: str
    released: Released | None = Field(description="null: nothing is sent before somebody releases it")
    vouchers: dict[str, int] = Field(description="how many vouchers are in which state")
    hints_waiting: int = Field(description="webhook hints that nobody took yet")


class Connections(BaseModel):
    """All connections."""

    connections: list[ConnectionSummary]


class Batch(BaseModel):
    """A Buchungsstapel, or a transfer of booking suggestions: frozen bytes, and what became of them."""

    id: str
    file: str
    format: Literal["extf", "dxso", "master"] = Field(
        description="Buchungsstapel, booking suggestions (Rechnungsdatenservice 1.0), debtors and creditors"
    )
    period: str
    rows: int
    vouchers: int
    sha256: str
    state: str = Field(
        description="`succeeded` means bereitgestellt, ready for the adviser; `partial`: some bookings were "
        "taken over, the others are rejected; `parked`: looked for by hand"
    )
    job_id: str | None = Field(description="DATEV's job (Auftrag)")
    cause: str
    answer: dict[str, Any] | None = Field(
        description="DATEV's last answer as it came; with booking suggestions its protocol, line by line"
    )


class ListedBatch(Batch):
    """A Buchungsstapel in a list over connections."""

    connection: str
    client: str
    created_at: datetime
    changed_at: datetime


class Paged(BaseModel):
    """One page of a list."""

    page: int = Field(description="beginning with 1")
    limit: int = Field(description="how many are on a page")
    total: int = Field(description="how many there are on all pages")


class Batches(Paged):
    """Buchungsstapel, the latest first."""

    batches: list[ListedBatch]


class SetAside(BaseModel):
    """Who left a voucher out or booked it by hand, when, and why."""

    by: str
    at: datetime
    reason: str


class VoucherSummary(BaseModel):
    """One business document (Beleg)."""

    voucher: str = Field(description="our own key")
    connection: str
    kind: str
    external_id: str
    number: str | None
    document_date: date | None
    customer: str | None = Field(description="customer or supplier")
    amount: Decimal | None = Field(description="gross, with the sign of the document; the money of a payment")
    currency: str | None
    link: str | None = Field(description="where people see the record in its system")
    revision: str
    state: VoucherState
    reversed: bool = Field(description="booked, and nothing of it stands in DATEV any more (storniert)")
    reason: str
    reason_in_words: str
    set_aside: SetAside | None = Field(description="who left it out or booked it by hand; null otherwise")


class WaitingVoucher(VoucherSummary):
    """A voucher that waits, with what is so of it alone."""

    what: str
    why: str
    do: str
    facts: dict[str, str]
    further_facts: list[dict[str, str]] = Field(description="where it waits more than once for the cause")
    own: str = Field(description="what is so of it alone, in words")


class WaitingCause(BaseModel):
    """Why vouchers wait; one fix releases all of them. The words say what is common to all of these."""

    connection: str
    cause: str = Field(description="stable name; `replay` takes it")
    count: int = Field(description="how many vouchers wait for it")
    what: str
    why: str
    do: str
    who: str
    facts: dict[str, str] = Field(description="the facts that all of the vouchers have in common")
    differs: bool = Field(description="the vouchers have facts of their own beside these")
    vouchers: list[WaitingVoucher] = Field(description="those of this page, the oldest documents first")


class Inbox(BaseModel):
    """Why vouchers wait, the most frequent cause first; pages are those of the vouchers of each cause."""

    problems: list[WaitingCause]
    page: int
    limit: int
    total: int = Field(description="how many vouchers wait, counted for each cause")


class Run(BaseModel):
    """One run of a connection."""

    state: Literal["under_way", "ended", "interrupted"] = Field(
        description="interrupted: its process was ended; the next run or worker goes on"
    )
    trigger: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    counts: dict[str, int]


class LoginFailure(BaseModel):
    """Why the latest attempt to log in came to nothing."""

    at: datetime
    cause: str
    words: str = Field(description="why, and what to do")
    who: str = Field(description="who can help")


class OutOfReach(BaseModel):
    """A system that cannot be reached at the moment."""

    system: str
    address: str
    cause: Literal[
        "name", "certificate", "encryption", "refused", "route", "timeout", "proxy", "other", "busy"
    ]
    answer: str = Field(description="what was said of it, as it came")
    since: datetime
    tried_at: datetime
    next_at: datetime | None = Field(description="when it is tried again; null where nobody tries")
    until: datetime | None = Field(description="how long it is tried again")


class Login(BaseModel):
    """How a connection is logged in to a system."""

    system: str
    until: datetime | None = Field(description="when it ends by itself; null for never logged in")
    by: str = Field(description="full name of the person who logged in, where the system tells it")
    needed: bool = Field(description="somebody has to log in")
    client: str = Field(description="the only client that a long-term login is good for")
    link: str = Field(description="where people see and end what they allowed applications to do")
    not_revoked: bool = Field(description="an earlier login could not be revoked yet")
    failure: LoginFailure | None = Field(
        description="the latest attempt, where it failed; gone after a good one"
    )


class SinkRequests(BaseModel):
    """What was asked of the sink, against the limits that it sets."""

    requests: int
    gets: int
    transfers: int = Field(description="documents and Buchungsstapel that it took")
    gets_per_transfer: float | None
    error_share: float = Field(description="answered with 4xx or 5xx, from 0 to 1")
    alarms: list[Literal["gets", "errors"]] = Field(description="limits that are not kept")


class WaitsForRelease(BaseModel):
    """What is ready for DATEV and waits for nothing but the release."""

    vouchers: int
    persons: int = Field(description="debtors and creditors")
    batches: int = Field(description="frozen Buchungsstapel of which nothing was sent")


class WaitsForApproval(BaseModel):
    """What one person has asked for and another one has to approve."""

    kind: Literal["release", "resend"]
    about: str = Field(description="the connection, or the file of the batch")
    by: str
    at: datetime


class CallsLeft(BaseModel):
    """What is left of the limit on calls of the source's key, which all with the same key share."""

    per_minute: int
    per_day: int | None
    minute: int = Field(description="calls left in this minute")
    day: int | None = Field(description="calls left today (UTC)")
    closed_for: float = Field(description="seconds in which nobody may call, because the source said so")


class ConnectionOverview(BaseModel):
    """One connection with everything that became of its vouchers."""

    connection: str
    source: str
    client: str
    state: ConnectionState
    state_reason: str
    released: Released | None = Field(description="null: nothing is sent before somebody releases it")
    waits_for_release: WaitsForRelease | None = Field(description="null where no release is missing")
    waits_for_approval: list[WaitsForApproval] = Field(description="with `four_eyes`, for another person")
    login_until: datetime | None = Field(description="when the login at the sink ends by itself")
    logins: list[Login] = Field(description="the systems that a person has to log in to")
    sink_requests: SinkRequests = Field(description="what was asked of the sink in the last 24 hours")
    calls_left: CallsLeft | None = Field(description="null for a source whose key has no such limit")
    vouchers: dict[str, int]
    reversed: int = Field(description="how many of the settled ones were taken back again (storniert)")
    batches: list[Batch]
    problems: list[WaitingCause]
    unconfirmed: list[str] = Field(description="proposed accounts and tax cases in use, not confirmed yet")
    out_of_reach: list[OutOfReach]
    latest_run: Run | None


class Step(BaseModel):
    """One step of a check."""

    step: str
    title: str
    outcome: Literal["ok", "warning", "failed", "skipped"]
    cause: str
    words: str
    who: str = Field(description="who can put it right, where something is wrong")
    facts: dict[str, str]


class Check(BaseModel):
    """What works between the source account and the client, step by step."""

    connection: str
    ok: bool = Field(description="no step failed")
    steps: list[Step]


class Vouchers(Paged):
    """Vouchers, the latest changed first."""

    vouchers: list[VoucherSummary]


class Event(BaseModel):
    """Something that happened, as the audit trail has it."""

    at: datetime
    event: str
    subject: str
    detail: dict[str, Any]


class OwnProblem(BaseModel):
    """What one voucher waits for, with its own facts."""

    cause: str
    what: str
    why: str
    do: str
    who: str
    facts: dict[str, str]


class Story(BaseModel):
    """Everything that happened to one voucher."""

    voucher: str
    connection: str
    identity: str
    number: str | None
    state: VoucherState
    reversed: bool = Field(description="booked, and nothing of it stands in DATEV any more (storniert)")
    reason: str
    reason_in_words: str
    set_aside: SetAside | None = Field(description="who left it out or booked it by hand; null otherwise")
    link: str | None = Field(description="where people see the record in its system")
    problems: list[OwnProblem] = Field(description="what it waits for")
    revision: str
    content: dict[str, Any] | None
    entries: list[dict[str, Any]] = Field(description="Buchungssätze")
    batches: list[str]
    events: list[Event]


class Verdict(BaseModel):
    """Whether the audit trail is complete and unchanged."""

    ok: bool
    rows: int = Field(description="rows that hold")
    head: str = Field(description="last good hash; kept elsewhere, it proves that no trail was replaced")
    first_broken: int | None
    cause: str
    reason: str


class FileFinding(BaseModel):
    """One fault of an EXTF file."""

    rule: str
    severity: Literal["rejected_online", "rejected_import", "changed", "doubtful"]
    routes: tuple[Literal["online", "import"], ...] = Field(
        description="where it holds: DATEV's online service, the import at the adviser's"
    )
    line: int
    column: int = Field(description="0 where the whole line or file is meant")
    field: str
    value: str
    expected: str
    title: str
    reason: str
    cure: str


class FileReport(BaseModel):
    """What DATEV would object to in an EXTF file."""

    rejected_online: int = Field(description="faults for which DATEV's online service refuses the file")
    rejected_import: int = Field(description="faults for which the import refuses the file or the line")
    changed: int = Field(description="places that DATEV imports otherwise than they stand")
    doubtful: int = Field(description="places that somebody should look at")
    findings: list[FileFinding] = Field(description="the first of them, in the order of the lines")
