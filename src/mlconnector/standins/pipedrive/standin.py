"""The Pipedrive stand-in as tests, demo and bench hold it: a server, its switches, and edits of its data.

Option in `Options.extra`: `burst` (requests per token in two seconds).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.faults import Faults, FaultyApp
from mlconnector.standins.pipedrive import edits
from mlconnector.standins.pipedrive.account import Account, Edited
from mlconnector.standins.pipedrive.app import Services, build
from mlconnector.standins.pipedrive.fields import Entity
from mlconnector.standins.pipedrive.limits import GENEROUS_BURST, Limits
from mlconnector.standins.pipedrive.login import (
    API_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    Login,
    Tokens,
)
from mlconnector.standins.pipedrive.records import Deal, Field, File, Labels
from mlconnector.standins.pipedrive.registrations import Registrations, Webhook
from mlconnector.standins.pipedrive.storage import Storage
from mlconnector.standins.pipedrive.webhooks import Action, Authentication, Event, Mode, Version, delivery
from mlconnector.standins.statistics import Statistics


class State(msgspec.Struct):
    """What the state file holds; the rest is generated again from seed and number of records."""

    records: int
    seed: int
    tokens: Tokens
    webhooks: list[Webhook]
    edited: Edited


class PipedriveStandIn:
    """A Pipedrive account of its own."""

    name = "pipedrive"
    api_token = API_TOKEN
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        self.account = Account(options.records, options.seed, options.clock)
        self.login = Login(options.clock)
        self.limits = Limits(options.clock, int(options.extra.get("burst", GENEROUS_BURST)))
        self.storage = Storage(self.account)
        self.registrations = Registrations(options.clock)
        self.statistics = Statistics()
        services = Services(
            self.account, self.login, self.limits, self.storage, self.registrations, self.statistics
        )
        self._app = FaultyApp(build(services), self.faults)
        if options.state_file is not None and options.state_file.exists():
            self._restore(options.state_file)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write tokens, webhooks and edits to the state file, when one was given."""
        if self.options.state_file is None:
            return
        state = State(
            records=self.options.records,
            seed=self.options.seed,
            tokens=self.login.tokens,
            webhooks=self.registrations.webhooks,
            edited=self.account.edited,
        )
        state_file.replace(self.options.state_file, msgspec.json.encode(state))

    def _restore(self, path: Path) -> None:
        state = msgspec.json.decode(path.read_bytes(), type=State)
        state_file.refuse_another(path, self.options, state.records, state.seed)
        self.login.tokens = state.tokens
        self.registrations.webhooks = state.webhooks
        self.account.restore(state.edited)

    def field_key(self, entity: Entity, name: str) -> str:
        """The key of the field that is shown as `name`; LookupError when there is none."""
        return self.account.field(entity, name).field_code

    def labels(self) -> dict[int, Labels]:
        """Which case each generated deal shows, by deal id."""
        return dict(self.account.labels)

    def deal(self, deal_id: int) -> Deal:
        """A deal as it stands; LookupError when there is none."""
        return self.account.deal(deal_id)

    def change_deal(self, deal_id: int, **values: Any) -> Deal:
        """See `edits.change_deal`."""
        return edits.change_deal(self.account, deal_id, **values)

    def change_line(self, deal_id: int, place: int, *, moves_update_time: bool = True, **values: Any) -> None:
        """See `edits.change_line`."""
        edits.change_line(self.account, deal_id, place, moves_update_time=moves_update_time, **values)

    def change_organization(self, organization_id: int, **values: Any) -> None:
        """See `edits.change_organization`."""
        edits.change_organization(self.account, organization_id, **values)

    def win(self, deal_id: int) -> Deal:
        """Mark a deal as won now."""
        return edits.win(self.account, deal_id)

    def reopen(self, deal_id: int) -> Deal:
        """Open a closed deal again."""
        return edits.reopen(self.account, deal_id)

    def lose(self, deal_id: int, reason: str = "Storniert") -> Deal:
        """Mark a deal as lost now."""
        return edits.lose(self.account, deal_id, reason)

    def delete(self, deal_id: int) -> Deal:
        """Delete a deal; for 30 days it can still be listed."""
        return edits.delete(self.account, deal_id)

    def archive(self, deal_id: int) -> Deal:
        """Archive a deal."""
        return edits.archive(self.account, deal_id)

    def add_file(self, deal_id: int, name: str, content: bytes) -> File:
        """Attach a file to a deal."""
        return edits.add_file(self.account, deal_id, name, content)

    def rename_field(self, entity: Entity, old: str, new: str) -> Field:
        """Give a field another name; its key stays."""
        return edits.rename_field(self.account, entity, old, new)

    def add_field(
        self, entity: Entity, name: str, kind: str = "varchar", options: list[str] | None = None
    ) -> Field:
        """Add a custom field."""
        return edits.add_field(self.account, entity, name, kind, options or [])

    def delete_field(self, entity: Entity, name: str) -> Field:
        """Delete a custom field; its key vanishes from every record."""
        return edits.delete_field(self.account, entity, name)

    def merge(self, entity: Literal["deal", "organization"], gone: int, into: int) -> None:
        """Merge one record into another."""
        edits.merge(self.account, entity, gone, into)

    def delivery(
        self,
        deal_id: int,
        authentication: Authentication,
        *,
        version: Version = "2.0",
        action: Action = "change",
        attempt: int = 1,
        meta: dict[str, Any] | None = None,
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a webhook delivery about the last change of a deal.

        `meta` overrides parts of the meta object: its `id` for a retry, `merged_to_id` for a merge.
        """
        deal = self.account.deal(deal_id)
        previous = self.account.previous.get(deal_id, _just_won(deal))
        event = Event(deal, action, previous, attempt, meta or {})
        return delivery(self.account, event, version, authentication)

    def deliver(
        self,
        deal_id: int,
        url: str,
        mode: Mode = "basic",
        *,
        version: Version = "2.0",
        action: Action = "change",
        attempt: int = 1,
        meta: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """POST a webhook delivery to `url`; waits ten seconds for the answer, as Pipedrive does."""
        body, headers = self.delivery(
            deal_id, Authentication(mode), version=version, action=action, attempt=attempt, meta=meta
        )
        return httpx.post(url, content=body, headers=headers, timeout=10, follow_redirects=False)


def _just_won(deal: Deal) -> dict[str, Any]:
    """The changed fields of a deal nobody edited: the change that won it."""
    return {
        "status": "open",
        "won_time": None,
        "close_time": None,
        "local_won_date": None,
        "local_close_date": None,
        "update_time": deal.add_time,
    }
