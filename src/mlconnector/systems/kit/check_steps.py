"""The steps of a ping, as sources and sinks report them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["ok", "warning", "failed", "skipped"]
Who = Literal["you", "adviser", "it", "vendor"]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a ping: what was tried, how it ended, and who can put it right.

    `key` names the texts in `texts/checks.toml`, e.g. `pipedrive.token`; `cause` names, beneath it, why
    it failed, e.g. `token_refused`. `facts` fill the texts.
    """

    key: str
    outcome: Outcome
    cause: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    who: Who = "you"
