"""Tones: how a state looks beside its word, which says the same: well, to be looked at, failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tone:
    """The class of the style sheet, and a sign for whoever does not see colours."""

    name: str
    sign: str


GOOD, WARN, BAD, QUIET = Tone("good", "✓"), Tone("warn", "!"), Tone("bad", "✗"), Tone("quiet", "·")

_TONES = {
    "state": {
        **dict.fromkeys(("settled", "sent"), GOOD),
        **dict.fromkeys(("needs_human",), WARN),
        **dict.fromkeys(("rejected",), BAD),
    },
    "connection": {
        "ready": GOOD,
        "needs_login": WARN,
        "paused": Tone("quiet", "‖"),
        "degraded": BAD,
    },
    "batch": {
        **dict.fromkeys(("succeeded",), GOOD),
        **dict.fromkeys(("partial", "unknown", "parked"), WARN),
        **dict.fromkeys(("failed",), BAD),
    },
    "load_state": {"verified": GOOD, "failed": BAD},
    "run": {
        "ended": GOOD,
        **dict.fromkeys(("put_off", "interrupted", "ended_early"), WARN),
    },
    "user": {"enabled": GOOD, "disabled": BAD},
    "seed": {"confirmed": GOOD, "open": WARN},
    "outcome": {"ok": GOOD, "warning": WARN, "failed": BAD},
}


def tone(kind: str, state: str) -> Tone:
    """How a state looks; quiet where there is nothing to tell."""
    return _TONES.get(kind, {}).get(state, QUIET)
