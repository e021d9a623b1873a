"""Processes: which of those that have worked on this installation are alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.store import executors


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


def anybody_works(services: Services, db: Connection) -> bool:
    """Whether a process is alive that goes on with what was begun; the living take over from the dead."""
    alive = set(executors.lively(db, services.now(), services.settings.silent_after_seconds))
    return bool(alive - set(executors.dead_here(db, machine(), is_alive)))
