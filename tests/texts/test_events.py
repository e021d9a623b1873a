"""Every event of the audit trail has its name in both languages."""

from __future__ import annotations

from typing import get_args

from mlconnector.store.batches import ARRIVED
from mlconnector.store.vouchers import SetAside
from tests.texts.named_in_code import details, events
from tests.texts.tables import LANGUAGES, table

# Where the event's name is a value of a type, not written in the module: place → what it may be.
TYPED = {
    "flow/report/aside.py: state": get_args(SetAside),
    "flow/deliver/jobs.py: status.result": (*ARRIVED, "failed"),
}


# Details whose names the scan cannot follow: place → which they may have.
DETAILS = {
    "flow/agree/four_eyes.py: told": {"begin", "parts", "persons", "unconfirmed", "held"},
    "flow/agree/four_eyes.py: asked.detail": {"reason", "again", "file"},
    "flow/batches/notes.py: detail | ({'lapsed': sorted(lapsed)} if lapsed else {})": {"refused", "lapsed"},
    "flow/context/context.py: detail": set(),
    "flow/deliver/jobs.py: told(row, status)": {"job_id", "result", "answer", "protocol"},
    "flow/people/logins.py: told": {"issuer"},
    "flow/people/users.py: detail": {"role", "before"},
    "flow/warehouse/loading.py: problem.facts": {"tables", "place"},
}
# Added to a detail after it was made, or said by another name of it.
MORE = {"merged_with", "number_before", "vouchers", "bound", "reserved"}


def test_everything_that_an_event_tells_has_a_label() -> None:
    found = details()
    assert set(DETAILS) == {each for one in found for each in one.unfollowed}
    named = {name for one in found for name in one.values}.union(MORE, *DETAILS.values())
    assert len(named) > 60
    labels = table("words.toml")["detail"]
    assert sorted(named - set(labels)) == []
    for name in named:
        for language in LANGUAGES:
            assert labels[name][language], name


def test_every_event_that_the_source_code_names_has_its_words() -> None:
    named = {value for found in events().values() for value in found.values}
    assert len(named) > 40
    for values in TYPED.values():
        named |= set(values)
    assert sorted(named - set(table("words.toml")["event"])) == []


def test_what_an_event_is_called_can_be_followed_everywhere_else() -> None:
    unfollowed = {each for found in events().values() for each in found.unfollowed}
    assert {each for each in unfollowed if not each.startswith("flow/context/context.py")} == set(TYPED)
