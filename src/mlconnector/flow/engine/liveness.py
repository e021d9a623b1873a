"""Liveness: every process shows signs of life, and living ones hand over the work of silent ones.

DBOS itself recovers only the work of the process that starts; a machine that never comes back would keep
its work for ever. One process at a time looks after the others, under a lease. Who was held up itself, by a
machine that slept or a database out of reach, may take others for silent only after it has listened again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.errors import RetryLater
from mlconnector.flow.context.processes import is_alive, machine
from mlconnector.flow.context.services import Services
from mlconnector.store import executors, leases

log = logging.getLogger(__name__)


class Liveness:
    """The signs of life of this process, and its watch over the others.

    `carriers` says which executors have unfinished work in their hands; `hand_over` gives it to others.
    """

    def __init__(
        self,
        services: Services,
        carriers: Callable[[], set[str]],
        hand_over: Callable[[Collection[str]], None],
    ) -> None:
        self._services = services
        self._carriers = carriers
        self._hand_over = hand_over
        self._told: set[str] = set()
        self._watches = threading.Event()
        self._shown: datetime | None = None
        self._held_up_until: datetime | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="liveness", daemon=True)

    def begin(self) -> None:
        """Make this process known, and go on showing signs of life.

        It comes before any work: nobody looks for what an unknown one left, and others take over from who is
        silent while the engine is launched.
        """
        with self._services.database.write() as db:
            self._register(db)
        self._shown = self._services.now()
        self._thread.start()

    def begin_to_watch(self) -> None:
        """Take over at once what dead processes of this machine left, and go on looking after the others."""
        self.watch()
        self._watches.set()

    def show_life(self) -> None:
        """Give a sign of life. Raises RetryLater when none can be written."""
        services, now = self._services, self._services.now()
        with services.database.write() as db:
            if not executors.beat(db, services.owner, now):
                self._register(db)
        if self._shown is not None and (now - self._shown).total_seconds() > self._patience / 2:
            self._held_up_until = now
        self._shown = now

    def end(self) -> None:
        """Stop showing signs of life."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def resign(self) -> None:
        """Leave what is still in flight to whoever looks next, without letting them wait for our silence."""
        try:
            with self._services.database.write() as db:
                executors.resign(db, self._services.owner)
        except RetryLater as error:
            log.warning("others will notice later that this process has ended: %s", error.reason)

    def watch(self) -> list[str]:
        """Hand over the work of silent processes; returns the ids of those that have none left.

        Whoever's work could not be handed over stays known, and is looked after again the next time.
        """
        services, now = self._services, self._services.now()
        if not leases.acquire(services.database, "watch", services.owner, self._patience, now):
            return []
        try:
            self._get_to_know(self._carriers())
            with services.database.read() as db:
                silent = set(executors.resigned(db))
                silent.update(executors.dead_here(db, machine(), is_alive))
                if self._has_listened(now):
                    silent.update(executors.silent(db, now, self._patience))
            silent.discard(services.owner)
            return self._take_over(sorted(silent)) if silent else []
        finally:
            leases.release(services.database, "watch", services.owner)

    @property
    def _patience(self) -> float:
        return self._services.settings.silent_after_seconds

    def _has_listened(self, now: datetime) -> bool:
        """Whether the silence of others may be theirs, and not ours."""
        return self._held_up_until is None or (now - self._held_up_until).total_seconds() >= self._patience

    def _get_to_know(self, carriers: Collection[str]) -> None:
        """Wait for signs of life of who has work but is unknown, e.g. because it slept for long."""
        with self._services.database.read() as db:
            unknown = [one for one in sorted(carriers) if executors.last_seen(db, one) is None]
        if unknown:
            with self._services.database.write() as db:
                for executor in unknown:
                    executors.register(db, executor, "", 0, self._services.now())

    def _take_over(self, silent: list[str]) -> list[str]:
        if new := set(silent) - self._told:
            log.info("taking over the work of %s", ", ".join(sorted(new)))
        with self._services.database.write() as db:
            leases.release_all(db, silent)
        self._hand_over(silent)
        kept = self._carriers() & set(silent)
        if kept - self._told:
            log.warning("work of %s could not be taken over yet", ", ".join(sorted(kept)))
        self._told = set(silent) & kept
        gone = [executor for executor in silent if executor not in kept]
        with self._services.database.write() as db:
            for executor in gone:
                executors.forget(db, executor)
        return gone

    def _register(self, db: Connection) -> None:
        services = self._services
        executors.register(db, services.owner, machine(), os.getpid(), services.now())

    def _beat(self) -> None:
        while not self._end.wait(self._services.settings.heartbeat_seconds):
            try:
                self.show_life()
                self._services.trouble = None
                if self._watches.is_set():
                    self.watch()
            except RetryLater as error:
                log.warning("no sign of life could be written: %s", error.reason)
                self._services.trouble = self._services.trouble or (time.monotonic(), error.reason)
            except Exception:  # a process that works on must not fall silent: others would take its work
                log.exception("the watch over other processes failed")
