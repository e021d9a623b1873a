"""Words for a run: whether it is under way, or how it ended."""

from __future__ import annotations

from typing import Literal

from mlconnector.texts.catalogue import sentence
from mlconnector.texts.language import Language

How = Literal["under_way", "interrupted", "ended", "put_off", "ended_early"]
_SENTENCES: dict[How, str] = {
    "under_way": "run_goes_on",
    "interrupted": "run_interrupted",
    "ended": "run_done",
    "put_off": "run_put_off",
    "ended_early": "run_ended_early",
}


def how_it_went(state: str, outcome: str, *, put_off: bool) -> How:
    """How a run went, by its state and its kept outcome; `put_off` where something is out of reach."""
    if state == "under_way":
        return "under_way"
    if state == "interrupted":
        return "interrupted"
    if outcome == "done":
        return "ended"
    return "put_off" if put_off and outcome.startswith("later: ") else "ended_early"


def run_in_words(how: How, outcome: str, language: Language) -> str:
    """The same for people; of one that ended early, with why."""
    reason = outcome.partition(": ")[2] or outcome
    return sentence(_SENTENCES[how], {"reason": reason}, language)
