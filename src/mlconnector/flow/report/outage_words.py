"""Words for what cannot be reached: where, why, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlconnector.texts.catalogue import plain, sentence, word
from mlconnector.texts.language import Language


def outage_lines(outages: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """A sentence for each system that cannot be reached; `outages` are those of `overview.connection`."""
    for one in outages:
        facts = {name: one[name] for name in ("address", "answer", "since", "next_at", "until")}
        facts["tried"] = None if one["next_at"] else one["tried_at"]
        facts["system"] = word("system", one["system"], language)
        facts["cause"] = word("outage", one["cause"], language)
        key = "out_of_reach_line" if one["cause"] != "busy" else "busy_line"
        yield sentence(key, plain(facts), language)
