"""What the API takes and gives, as the OpenAPI description shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

# PostgreSQL cannot look for a text with the character zero.
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
ConnectionState = Literal["ready", "needs_login", "degraded", "paused"]
VoucherState = Literal[
    "received", "bookable", "needs_human", "ignored", "batched", "sent", "settled", "rejected"
]
BatchState = Literal[
    "frozen", "submitting", "unknown", "submitted", "succeeded", "partial", "failed", "dissolved"
]


class ConnectionSummary(BaseModel):
    """One source account joined to one client (Mandant)."""

    connection: str
    source: str = Field(description="the source system")
    client: str = Field(description="Mandant as `<consultant number>-<client number>`")
    state: ConnectionState
    state_reason: str
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


class Batches(BaseModel):
    """Buchungsstapel, the oldest first."""

    batches: list[ListedBatch]


class WaitingCause(BaseModel):
    """Why vouchers wait; one fix releases all of them."""

    connection: str
    cause: str = Field(description="stable name; `replay` takes it")
    count: int
    what: str
    why: str
    do: str
    who: str


class Inbox(BaseModel):
    """Why vouchers wait, the most frequent cause first."""

    problems: list[WaitingCause]


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


class OutOfReach(BaseModel):
    """A system that cannot be reached at the moment."""

    system: str
    address: str
    cause: Literal["address", "certificate", "refused", "route", "timeout", "proxy", "silent", "busy"]
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


class SinkRequests(BaseModel):
    """What was asked of the sink, against the limits that it sets."""

    requests: int
    gets: int
    transfers: int = Field(description="documents and Buchungsstapel that it took")
    gets_per_transfer: float | None
    error_share: float = Field(description="answered with 4xx or 5xx, from 0 to 1")
    alarms: list[Literal["gets", "errors"]] = Field(description="limits that are not kept")


class ConnectionOverview(BaseModel):
    """One connection with everything that became of its vouchers."""

    connection: str
    source: str
    client: str
    state: ConnectionState
    state_reason: str
    login_until: datetime | None = Field(description="when the login at the sink ends by itself")
    logins: list[Login] = Field(description="the systems that a person has to log in to")
    sink_requests: SinkRequests = Field(description="what was asked of the sink in the last 24 hours")
    vouchers: dict[str, int]
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


class VoucherSummary(BaseModel):
    """One business document (Beleg)."""

    voucher: str = Field(description="our own key")
    connection: str
    kind: str
    external_id: str
    number: str | None
    document_date: date | None
    revision: str
    state: VoucherState
    reason: str


class Vouchers(BaseModel):
    """Vouchers, the latest changed first."""

    vouchers: list[VoucherSummary]


class Event(BaseModel):
    """Something that happened, as the audit trail has it."""

    at: datetime
    event: str
    subject: str
    detail: dict[str, Any]


class Story(BaseModel):
    """Everything that happened to one voucher."""

    voucher: str
    connection: str
    identity: str
    number: str | None
    state: VoucherState
    reason: str
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
