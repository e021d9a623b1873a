"""Told words: what a source has said of its tax rules, accounts and places when it was last asked."""

from __future__ import annotations

from datetime import datetime

import msgspec

from mlconnector.flow.agree import own_words
from mlconnector.flow.context.context import Context
from mlconnector.learnt_shapes import learnt
from mlconnector.store import connections
from mlconnector.systems.own_words import OwnWord

_KEY = "connection.own_words"


class ToldWords(msgspec.Struct, frozen=True):
    """The words, and when they were told."""

    at: datetime
    words: tuple[OwnWord, ...]


def ask(context: Context) -> ToldWords:
    """Ask the source for its words, and keep them. Raises one of the four errors."""
    told = ToldWords(context.now(), tuple(own_words.told(context)))
    with context.write() as db:
        connections.remember(db, context.name, _KEY, msgspec.to_builtins(told))
    return told


def latest(context: Context) -> ToldWords | None:
    """What was told when the source was last asked; None where nobody has asked."""
    with context.read() as db:
        kept = connections.recall(db, context.name, _KEY)
    return None if kept is None else msgspec.convert(kept, learnt(ToldWords))
