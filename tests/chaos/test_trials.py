"""A few seeds of `make chaos`: processes that are killed and frozen amid faults lose and double nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos.installations import Kind, postgres_place, sqlite_place
from chaos.trial import Trial, Trials

from mlconnector.mapping.channels import Channel
from tests.databases import Postgres

DISASTERS = 1


@pytest.fixture
def trials(tmp_path: Path, sqlite_template: Path, postgres: Postgres) -> Trials:
    """Trials on both databases."""
    return Trials(
        tmp_path,
        {
            "sqlite": lambda folder: sqlite_place(sqlite_template, folder),
            "postgresql": lambda folder: postgres_place(postgres, folder),
        },
    )


@pytest.mark.parametrize(
    ("seed", "database", "channel", "source"),
    [
        (1514, "sqlite", "extf", "pipedrive"),
        pytest.param(175, "postgresql", "dxso", "dynamics", marks=pytest.mark.thorough),
    ],
)
def test_everything_arrives_once_whatever_a_seed_does(
    trials: Trials, seed: int, database: Kind, channel: Channel, source: str
) -> None:
    verdict = trials.verdict(Trial(seed, database, channel, source, DISASTERS))
    assert verdict.wrong == ()
    assert verdict.deaths > 0
