"""Every event of the audit trail has its name in both languages."""

from __future__ import annotations

from typing import get_args

from mlconnector.store.batches import ARRIVED
from mlconnector.store.vouchers import SetAside
from tests.texts.named_in_code import events
from tests.texts.tables import table

# Where the event's name is a value of a type, not written in the module: place → what it may be.
TYPED = {
    "flow/report/aside.py: state": get_args(SetAside),
    "flow/deliver/jobs.py: status.result": (*ARRIVED, "failed"),
}


def test_every_event_that_the_source_code_names_has_its_words() -> None:
    named = {value for found in events().values() for value in found.values}
    assert len(named) > 40
    for values in TYPED.values():
        named |= set(values)
    assert sorted(named - set(table("words.toml")["event"])) == []


def test_what_an_event_is_called_can_be_followed_everywhere_else() -> None:
    unfollowed = {each for found in events().values() for each in found.unfollowed}
    assert {each for each in unfollowed if not each.startswith("flow/context/context.py")} == set(TYPED)
