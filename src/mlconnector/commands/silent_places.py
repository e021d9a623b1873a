"""Places for notifications that no message gets to, said beside what else a command shows."""

from __future__ import annotations

from mlconnector.commands.output import complaints, language, paragraph, phrase
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify import places
from mlconnector.texts.catalogue import explain


def say_silent_places(services: Services) -> bool:
    """Say which places messages do not get to, on standard error; whether there are any."""
    found = places.failing(services)
    for one in found:
        if one.failure is not None:
            what = explain(one.failure.key, one.failure.facts, language()).what
            said = phrase("notify_failing", place=one.name, since=one.failing_since, what=what)
            paragraph(said, to=complaints)
    return bool(found)
