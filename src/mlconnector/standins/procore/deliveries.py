"""Deliveries of webhooks: sent at once, tried again by request, and given up after twelve hours.

Only the header that somebody configured shows where a delivery comes from; nothing is signed. A receiver has
five seconds. What failed for twelve hours is discarded and never comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from mlconnector.standins.procore.events import VERSIONS, Event
from mlconnector.standins.procore.identities import number
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.times import from_seconds, stamp

SECONDS_TO_ANSWER = 5.0
GIVEN_UP_AFTER = 12 * 3600.0


@dataclass
class Delivery:
    """An event on its way to a hook."""

    hook_id: int
    event: Event
    began: float
    outcome: str = "retried"
    status: int | None = None
    error: str | None = None


class Deliveries:
    """Hooks, triggers, and what was sent to them.

    `copies` is how often each event is sent; with `is_silent` events are lost before anybody notes them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.hooks: list[Row] = []
        self.triggers: list[Row] = []
        self.all: list[Delivery] = []
        self.copies = 1
        self.is_silent = False

    def emit(self, event: Event) -> None:
        """Send an event to all hooks with a trigger for it."""
        if self.is_silent:
            return
        for hook in self.hooks:
            if self._wants(hook, event):
                for _ in range(self.copies):
                    delivery = Delivery(hook["id"], event, self.clock())
                    self.all.append(delivery)
                    self._send(hook, delivery)

    def retry(self) -> None:
        """Send everything again that was not taken; what failed for twelve hours is discarded."""
        for delivery in self.all:
            if delivery.outcome != "retried":
                continue
            if self.clock() - delivery.began >= GIVEN_UP_AFTER:
                delivery.outcome = "discarded"
                continue
            hook = next((each for each in self.hooks if each["id"] == delivery.hook_id), None)
            if hook is not None:
                self._send(hook, delivery)

    def log(self, hook_id: int) -> list[Row]:
        """The deliveries to a hook as they are listed."""
        return [self._row(each) for each in self.all if each.hook_id == hook_id]

    def _wants(self, hook: Row, event: Event) -> bool:
        if hook["owned_by_project_id"] not in (None, event.project_id):
            return False
        return any(
            trigger["webhook_hook_id"] == hook["id"]
            and trigger["resource_name"] == event.resource
            and trigger["event_type"] == event.reason.upper()
            for trigger in self.triggers
        )

    def _send(self, hook: Row, delivery: Delivery) -> None:
        body = delivery.event.encoded(VERSIONS[hook["api_version"]])
        headers = {"Content-Type": "application/json"} | hook["destination_headers"]
        try:
            answer = httpx.post(
                hook["destination_url"], content=body, headers=headers, timeout=SECONDS_TO_ANSWER
            )
        except httpx.HTTPError as failed:
            delivery.error = type(failed).__name__
            return
        delivery.status = answer.status_code
        delivery.outcome = "ok" if answer.is_success else "retried"

    def _row(self, delivery: Delivery) -> Row:
        began = stamp(from_seconds(delivery.began))
        return {
            "event": delivery.event.body("v2.0"),
            "event_id": number("event", delivery.event.place),
            "outcome": delivery.outcome,
            "response_body": "",
            "response_error": delivery.error,
            "response_status": delivery.status,
            "response_headers": {},
            "started_at": began,
            "completed_at": began,
        }
