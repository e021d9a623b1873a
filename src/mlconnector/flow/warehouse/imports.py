"""Imports: files of other software are taken in by their content; what is not known whose it is, is held."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlconnector.flow.warehouse.batch_rows import read_foreign
from mlconnector.flow.warehouse.portions import Source
from mlconnector.flow.warehouse.read_file import Unreadable
from mlconnector.flow.warehouse.sources import IMPORT, imported_content
from mlconnector.flow.warehouse.target import Target
from mlconnector.model.problems import Problem
from mlconnector.store import connections, loads
from mlconnector.store.audit import AuditEvent, append

log = logging.getLogger(__name__)

TAKEN, HELD = "taken", "held"
# A batch of DATEV has at most 99,999 rows, which come to less than this; more is read into no memory.
_MOST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: taken in, known already, or held with a problem; `load` is its load."""

    file_name: str
    outcome: Literal["taken", "known", "held"]
    client: str = ""
    load: str = ""
    problem: Problem | None = None


def take_folder(target: Target) -> list[Taken]:
    """Take every file of the import folder in, and move it to the folder that says what became of it."""
    folder = target.imports
    if folder is None or not folder.is_dir():
        return []
    found = []
    for file in sorted(folder.iterdir()):
        if not file.is_file() or file.name.startswith("."):
            continue
        try:
            found.append(_take_and_move(target, file))
        except OSError as error:  # one file that cannot be read or moved must not keep the others from it
            facts = {"file": file.name, "reason": error.strerror or str(error)}
            log.warning("%s stays where it is: %s", file, facts["reason"])
            problem = Problem("warehouse_file_unreadable", facts, ("file",))
            found.append(Taken(file.name, "held", problem=problem))
    return found


def _take_and_move(target: Target, file: Path) -> Taken:
    if file.stat().st_size > _MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    content = file.read_bytes()
    taken = take(target, file.name, content)
    _move(file, file.parent / (HELD if taken.outcome == "held" else TAKEN), content)
    return taken


def take(target: Target, file_name: str, content: bytes) -> Taken:
    """Take a file in under the hash of its bytes: its load is planned, with the bytes, and carried later."""
    digest = hashlib.sha256(content).hexdigest()
    content_sha256 = imported_content(target, digest)
    load = Source(IMPORT, digest, content_sha256, dict, file_name).load_id(target.key)
    try:
        client = read_foreign(content).client
    except Unreadable as error:
        return _held(
            target, digest, Problem("warehouse_file_unreadable", {"file": file_name, "reason": str(error)})
        )
    services, now = target.services, target.services.now()
    with services.database.read() as db:
        clients = {row.client for row in connections.every(db)} | set(target.entities)
        ours, known = loads.own_batch(db, digest), loads.read(db, load)
    if ours is not None:
        return _held(target, digest, Problem("warehouse_file_is_ours", {"file": file_name, "batch": ours}))
    if client not in clients:
        return _held(
            target, digest, Problem("warehouse_client_unknown", {"file": file_name, "client": client})
        )
    if known is not None:
        return Taken(file_name, "known", client, load)
    row = {
        "id": load,
        "warehouse": target.name,
        "kind": IMPORT,
        "source": digest,
        "content_sha256": content_sha256,
        "file_name": file_name,
        "planned_at": now,
    }
    with services.database.write() as db:
        loads.plan(db, row, content)
        detail = {"file": file_name, "client": client, "content": digest}
        append(db, [AuditEvent(target.name, load, "file_taken", detail)], now)
    return Taken(file_name, "taken", client, load)


def _held(target: Target, digest: str, problem: Problem) -> Taken:
    """Say that a file is held; nothing of it is loaded."""
    log.warning("%s is held: %s", problem.facts["file"], problem.cause)
    now = target.services.now()
    detail = {"cause": problem.key, "facts": dict(problem.facts)}
    with target.services.database.write() as db:
        append(db, [AuditEvent(target.name, digest, "file_held", detail)], now)
    return Taken(problem.facts["file"], "held", problem=problem)


def _move(file: Path, folder: Path, content: bytes) -> None:
    """Move a file aside; one of the same name with other bytes stays another file."""
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    shutil.move(file, folder / f"{digest[:12]}_{file.name}")
