"""A problem: why a record waits, as data, so that one fix can release all records with the same cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a voucher from being booked or sent.

    `key` names the text in `texts/problems.toml` (what happened, why, what to do, who does it).
    `facts` fill that text. Those named in `group` decide which records share the cause: two problems
    with the same `cause` are cured by the same fix.
    """

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)
    group: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """Stable name of the shared cause, e.g. `revenue_account_missing:product_code=MONT`."""
        shared = ",".join(f"{name}={self.facts[name]}" for name in self.group)
        return f"{self.key}:{shared}" if shared else self.key


def shared_facts(problems: Sequence[Problem]) -> dict[str, str]:
    """The facts that problems of one cause have in common; what only some of them say is not among them."""
    if not problems:
        return {}
    first, *others = problems
    return {
        name: fact
        for name, fact in first.facts.items()
        if all(other.facts.get(name) == fact for other in others)
    }
