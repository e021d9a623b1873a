"""Liveness: every process shows signs of life, and living ones hand over the work of silent ones.

DBOS itself recovers only the work of the process that starts; a machine that never comes back would keep
its work for ever. One process at a time looks after the others, under a lease.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from sqlalchemy import Connection

from mlconnector.errors import RetryLater
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
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="liveness", daemon=True)

    def register(self) -> None:
        """Make this process known, before it takes any work: nobody looks for what an unknown one left."""
        with self._services.database.write() as db:
            self._register(db)

    def begin(self) -> None:
        """Take over at once what dead processes of this machine left, and go on showing signs of life."""
        self.watch()
        self._thread.start()

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
        patience = services.settings.silent_after_seconds
        if not leases.acquire(services.database, "watch", services.owner, patience, now):
            return []
        try:
            self._get_to_know(self._carriers())
            with services.database.read() as db:
                silent = set(executors.silent(db, now, patience))
                silent.update(executors.dead_here(db, machine(), is_alive))
            silent.discard(services.owner)
            return self._take_over(sorted(silent)) if silent else []
        finally:
            leases.release(services.database, "watch", services.owner)

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
                with self._services.database.write() as db:
                    if not executors.beat(db, self._services.owner, self._services.now()):
                        self._register(db)
                self._services.trouble = None
                self.watch()
            except RetryLater as error:
                log.warning("no sign of life could be written: %s", error.reason)
                self._services.trouble = self._services.trouble or (time.monotonic(), error.reason)
            except Exception:  # a process that works on must not fall silent: others would take its work
                log.exception("the watch over other processes failed")


def machine() -> str:
    """Where process numbers mean the same processes as here: this host, and no container but this one.

    Containers may share the name of their host, but each has process numbers of its own.
    """
    boot, numbers = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if not (boot.exists() and numbers.exists()):
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot.read_text(encoding='utf-8').strip()}/{numbers.stat().st_ino}"


def is_alive(process: int) -> bool:
    """Whether a process of this machine still runs; one that only waits to be collected does not."""
    status = Path(f"/proc/{process}/stat")
    if status.parent.parent.exists():
        try:
            return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
