"""The last sentences of the demo: what they say has to be so, whatever the demo has done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def endings(summary: Mapping[str, Any], out: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Names of the sentences, with their facts, for the summary of a demo in the folder `out`."""
    if summary["sent_now"] == 0:
        yield _nothing_sent(summary)
    received = out / "received"
    arrived = received.is_dir() and any(file.is_file() for file in received.rglob("*"))
    facts: dict[str, object] = {"received": received, "summary": out / "summary.json"}
    yield ("demo_see" if arrived else "demo_nothing_accepted", facts)


def _nothing_sent(summary: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Why nothing was sent this time."""
    counts = summary["sources"].values()
    waiting = sum(one["needs_human"] for one in counts)
    ended = sum(one["settled"] + one["ignored"] + one["needs_human"] for one in counts)
    if summary["not_ready"] or ended < sum(one["vouchers"] for one in counts):
        return "demo_not_through", {}
    handed_over = summary["documents"] or any(batch["job_id"] for batch in summary["batches"])
    if not handed_over:
        return ("demo_all_waits", {"count": waiting}) if waiting else ("demo_nothing_to_send", {})
    return ("demo_rest_waits", {"count": waiting}) if waiting else ("demo_nothing_sent", {})
