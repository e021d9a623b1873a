"""What a source is to the rest of the product: a connected account that answers three questions.

A source is a package `mlconnector.systems.<name>` with a `describe_source() -> SourceSystem`; the registry
(`systems/registry.py`) finds it by its folder. Adding a source needs no change anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Voucher
from mlconnector.systems.kit.call_limits import CallBudget, CallLimit
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel, TokenKeeper
from mlconnector.systems.kit.secrecy import Secrecy
from mlconnector.systems.own_words import OwnWord


@dataclass(frozen=True, slots=True)
class Reference:
    """A record that may have changed. `content` is what the source already knows of it, or None."""

    external_id: str
    changed_at: str | None = None
    content: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """References in the order of their change.

    `position` goes on with the next page of this pass and is None at its end. It is text for the source
    alone, opaque to the flow, at most a few kilobytes, without secrets. It holds all that another process
    needs to go on, and lives until its pass ends.

    `cursor` is where a later pass may begin once every record up to and including this page is stored, None
    while there is no such place. A pass that begins at any page's cursor finds everything the pages before it
    did not hold, records of the same moment included: a tie is finished, or read again, before the cursor
    passes it. It never passes the moment at which its pass began, by our clock, nor follows a time of change
    that lies ahead of it.

    `anew` says that the pass began with this page and gave up the cursor that it was asked with.
    """

    references: tuple[Reference, ...]
    position: str | None
    cursor: str | None
    anew: bool = False


NOTHING_FINAL = "nothing_final"
"""Why there is no voucher: the record is there, and none of its documents is finished."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What fetching a record gave: its voucher, and what already keeps it from being booked.

    `voucher` is None when the record is gone or cannot be seen any more (`reason` says which), or when
    its content cannot be a voucher at all; then `problems` say why. `party` is set where the record is no
    document but a customer (`ledger` receivable) or supplier, who is kept in step in the master data.

    `record` is what was asked for, where a record holds several documents, each with an id of its own: a sale
    with its invoices and payments. What a record holds no longer is withdrawn, so all that it holds is told;
    one that holds no finished document has a single reading, under its own id, with the reason
    `NOTHING_FINAL`.
    """

    external_id: str
    voucher: Voucher | None
    problems: tuple[Problem, ...] = ()
    reason: str = ""
    party: Party | None = None
    ledger: Ledger = "receivable"
    record: str = ""

    @property
    def asked_for(self) -> str:
        """The external id of the reference that this is the reading of."""
        return self.record or self.external_id


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery as it arrived: lower-case header names and the raw body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Hint:
    """What a verified delivery says: its own id (or None), and which records to read again."""

    delivery_id: str | None
    external_ids: tuple[str, ...]


class Refused(Exception):
    """The delivery is not from whom it claims to be: answered with 401, nothing is stored."""


class Malformed(Exception):
    """The delivery is genuine or unsigned but cannot be understood: answered with 400."""


class Memory(Protocol):
    """Small facts that a source remembers between runs, e.g. the names of custom fields."""

    def recall(self, key: str) -> Any:
        """The remembered JSON value, or None."""

    def remember(self, key: str, value: Any) -> None:
        """Keep a JSON value, committed before this returns."""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """All that a source may touch of the outside: settings, secrets, HTTP, memory and the clock.

    `settings` is the validated `[source]` table of the connection. `secrets` are the unsealed
    credentials by name; `tokens` keeps OAuth tokens for systems that use them. `budget` keeps limits on calls
    that everybody with the same key shares.
    """

    settings: Any
    secrets: Mapping[str, str]
    tokens: TokenKeeper
    http: HttpFactory
    memory: Memory
    now: Callable[[], datetime]
    budget: CallBudget


class Source(Protocol):
    """A connected source account; it answers three questions, and says how its webhooks are verified."""

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step, and who can fix what does not."""

    def changes(self, since: str | None, position: str | None) -> Page:
        """One page of records changed since the cursor `since` (None: from the beginning).

        `position` is that of the page before (None: a new pass), asked with the same `since`. A record may
        come more than once; none may be left out because its change became visible late. A record that cannot
        be read is listed all the same, and held by `fetch`. A cursor outlives restarts and new versions. One
        that does not fit any more, because it is none of ours, of another version or of another address, is
        given up: the pass reads everything again, what is no longer final included. What an answer says of
        where to go on is checked before it becomes part of a cursor. A position that is none of ours raises
        Broken, and so do pages that go round in a circle.
        """

    def cursor_from(self, moment: datetime | None) -> str:
        """The cursor of a pass that reads again what changed since a moment, or everything (None).

        What is no longer final is among it. Touches no network.
        """

    def goes_on(self, cursor: str) -> bool:
        """Whether a pass goes on from this cursor, or has to read everything again; the system may be asked.

        Raises one of the four errors where that cannot be told.
        """

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        """The vouchers of these records, in sets; a reading for every reference, in their order.

        A record that holds several documents has one for each of them, one behind the other.
        """

    def download(self, attachment_id: str, limit: int) -> bytes:
        """The bytes of an attachment; raises NeedsHuman when it has more than `limit` bytes or none."""

    def verify(self, delivery: Delivery) -> Hint:
        """Check a webhook delivery on its raw body, or raise Refused or Malformed; touches no network."""

    def close(self) -> None:
        """Let go of connections."""


WebhookSetup = Callable[[SourceContext, str], Sequence[str]]
"""Sets webhooks to an address up, or ends them; returns the names of the events."""

RecordAddress = Callable[[Any, Memory, str], str]
"""Where people see a record in the system's web interface: from the settings, what the source remembers, and
the record's external id. Empty while the source cannot know it; touches no network."""


CredentialTest = Callable[[SourceContext], None]
"""Asks what only good credentials are answered, and changes nothing. Raises one of the four errors."""

OwnWords = Callable[[SourceContext], Sequence[OwnWord]]
"""Asks the system for its own words that mapping tables look at. Raises one of the four errors."""


@dataclass(frozen=True, slots=True)
class SourceSystem:
    """A source as the product knows it before any account is connected.

    `settings_model` is the pydantic model of the connection's `[source]` table. `secrets` names the
    credentials to ask for, given the settings. `oauth` gives the system's OAuth model for the settings,
    or None when they say that no login is needed. `account` names the account that the settings point to, so
    that a change to another one is noticed. `template` is a commented TOML `[source]` table.
    `secret_headers` and `secret_parameters` are what it calls its credentials, beside what is always secret.
    `register_webhook` lets the system send its webhooks to an address, as often as it is called, and
    `unregister_webhook` ends that; both return the names of the events concerned, and are None where people
    do so by hand. `record_address` is None for a system whose records have no address in its web interface.
    `test_credentials` tries all but those of webhooks, whose names begin with `webhook_`, where no login
    does; None where only a ping can. `call_limit` is the limit on calls of the key, from the settings and the
    credentials, for a system that has one; then `status` shows what is left of it. `own_words` tells what the
    mapping has to name: tax rules, accounts, places; None for a system that has no lists of them.
    `secret_webhook_address` gives its webhooks an address with a part that nobody guesses: where nothing in a
    delivery proves where it comes from but what the system was told to send along. `cost_centres` are tables
    of cost centres for a new connection file, where documents carry what is usually taken for them.
    """

    name: str
    title: str
    settings_model: type[Any]
    secrets: Callable[[Any], Sequence[str]]
    oauth: Callable[[Any, HttpFactory], OAuthModel | None]
    account: Callable[[Any], str]
    open: Callable[[SourceContext], Source]
    template: str
    secret_headers: frozenset[str] = frozenset()
    secret_parameters: frozenset[str] = frozenset()
    register_webhook: WebhookSetup | None = None
    unregister_webhook: WebhookSetup | None = None
    record_address: RecordAddress | None = None
    test_credentials: CredentialTest | None = None
    call_limit: Callable[[Any, Mapping[str, str]], CallLimit] | None = None
    secret_webhook_address: bool = False
    own_words: OwnWords | None = None
    cost_centres: str = ""

    @property
    def secrecy(self) -> Secrecy:
        """What is secret about its requests."""
        return Secrecy(self.secret_headers, self.secret_parameters)
