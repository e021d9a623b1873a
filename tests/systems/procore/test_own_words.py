"""Procore tells its own words: tax codes, cost types, budget codes, cost codes and projects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlconnector.systems.own_words import OwnWord
from mlconnector.systems.source import SourceContext
from tests.conformance.context import NoTokens
from tests.systems.procore.rig import ProcoreRig, procore_rig


@pytest.fixture(scope="module")
def account() -> Iterator[ProcoreRig]:
    with procore_rig(records=1) as rig:
        yield rig


@pytest.fixture(scope="module")
def told(account: ProcoreRig) -> list[OwnWord]:
    assert account.system.own_words is not None
    outside = account.outside
    context = SourceContext(
        settings=account.system.settings_model.model_validate(account.settings),
        secrets=account.secrets,
        tokens=NoTokens(),
        http=outside.http,
        memory=outside.memory,
        now=outside.time.now,
        budget=outside.budget,
    )
    return list(account.system.own_words(context))


def test_a_cost_code_is_called_by_its_own_name(told: list[OwnWord]) -> None:
    named = {one.value: one.name for one in told if one.called == "cost_code"}
    assert named["310"] == "Baugrube und Erdbau"


def test_a_budget_code_is_called_by_both_its_parts(told: list[OwnWord]) -> None:
    named = {one.value: one.name for one in told if one.called == "budget_code"}
    assert named["310.N"] == "Baugrube und Erdbau.Nachunternehmer"


def test_each_word_is_told_once_however_many_projects_have_it(told: list[OwnWord]) -> None:
    words = [(one.called, one.value) for one in told]
    assert len(words) == len(set(words))
