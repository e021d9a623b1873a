"""The audit trail as one file that proves itself: each row with its hash, for whoever follows the chain.

The file is JSON, a line for each thing. The first line says what it is (`about`), and is followed by the
rows as lists: number, moment, connection, subject, event, detail (as text), hash. A row's hash is SHA-256
over the hash before it (64 zeros before the first), a line break, and the canonical JSON of the other six.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import mlconnector
from mlconnector.flow.context.services import Services
from mlconnector.flow.report import trail_heads
from mlconnector.store import audit
from mlconnector.store.audit import Anchor, AuditVerdict, TrailRow

FORMAT = "ml-connector audit trail 1"
_COLUMNS = 7


class NoTrail(ValueError):
    """A file that is no export of a trail; the text is the number of the line."""


def file_name(now: datetime) -> str:
    """What a file of a moment is called."""
    return f"ml-connector-audit-{now:%Y-%m-%d}.jsonl"


def lines(services: Services, verdict: AuditVerdict) -> Iterator[str]:
    """The trail as `verdict` found it; a broken one as a whole, with what is wrong said in the first line."""
    about = {
        "about": FORMAT,
        "version": mlconnector.__version__,
        "exported_at": services.now().isoformat(timespec="seconds"),
        "rows": verdict.rows,
        "head": verdict.head,
        "whole": verdict.ok,
        "cause": verdict.cause,
    }
    yield f"{_json(about)}\n"
    with services.database.read() as db:
        last = verdict.rows if verdict.ok else audit.length(db)
        for row in audit.every(db, last):
            yield f"{_json(list(row))}\n"


def proved(services: Services) -> AuditVerdict:
    """Whether the trail is whole, also by the heads that the settings have written down."""
    return audit.verify(services.database, trail_heads.written_down(services))


def verify(exported: Iterable[str], anchors: Iterable[Anchor] = ()) -> AuditVerdict:
    """Whether an exported trail is whole: the chain, its end by the first line, and heads kept elsewhere.

    Raises NoTrail.
    """
    read = iter(exported)
    about = _about(next(read, ""))
    head = Anchor(str(about["head"]), int(about["rows"]))
    return audit.verify_copy(_rows(read), [head, *anchors] if head.sequence else anchors)


def _about(line: str) -> dict[str, Any]:
    try:
        about = json.loads(line)
    except ValueError as error:
        raise NoTrail("1") from error
    if not isinstance(about, dict) or about.get("about") != FORMAT or not {"head", "rows"} <= about.keys():
        raise NoTrail("1")
    return about


def _rows(exported: Iterable[str]) -> Iterator[TrailRow]:
    for number, line in enumerate(exported, start=2):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise NoTrail(str(number)) from error
        if not isinstance(row, list) or len(row) != _COLUMNS:
            raise NoTrail(str(number))
        yield TrailRow(*row)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
