"""Loads as durable work: after runs and jobs, and on a schedule; one that is in the way of another waits."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.flow.warehouse import imports
from mlconnector.flow.warehouse.loading import Report, found_load, load_everything, replay
from mlconnector.flow.warehouse.target import targets

log = logging.getLogger(__name__)

SCHEDULE = "4,19,34,49 * * * *"
PAUSES = (5.0, 15.0, 45.0)
NOBODY = ""
"""Whose load it is that somebody asks for: of no connection."""


def wanted(services: Services) -> bool:
    """Whether the installation has a warehouse."""
    return bool(services.settings.warehouses)


def load(services: Services, *, waits: bool = True) -> dict[str, int]:
    """Take in what lies in the import folders, and load what is new; how many loads ended how.

    `waits` says whether what waits for a person is left alone until its time has come.
    """

    def new() -> Report:
        for target in targets(services):
            imports.take_folder(target)
        return load_everything(services, waits=waits)

    return _ended(new)


def load_asked(services: Services, load_id: str) -> dict[str, int]:
    """Load because somebody asks for it: what is new, or once more the load that is named."""
    if not load_id:
        return load(services, waits=False)
    return _ended(lambda: replay(*found_load(services, load_id)))


def _ended(work: Callable[[], Report]) -> dict[str, int]:
    try:
        report = work()
    except RetryLater:
        raise
    except ConnectorError as error:
        log.error("nothing can be loaded: %s", error)
        report = Report(failed=1)
    return {
        "verified": report.verified,
        "failed": report.failed,
        "later": report.later,
        "left_out": len(report.left_out),
    }


def jitter() -> float:
    """By how much a pause is longer or shorter, so that several processes do not come back together."""
    return random.uniform(0.75, 1.5)  # noqa: S311 - pauses only have to differ
