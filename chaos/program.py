"""`ml-connector` with a clock that can be set, and short pauses: `python -m chaos.program run NAME`.

The clock's file holds how many seconds it is beside the right time. Everything else is the real program.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

from dbos import DBOS

from mlconnector import app, cli
from mlconnector.flow.context.stopping import Stopping

CLOCK = "CHAOS_CLOCK"
_LONGEST_PAUSE = 1.0


@contextmanager
def hurried() -> Iterator[None]:
    """No pause between two attempts, or two looks at a job, takes longer than a second."""
    sleep, sleep_async = Stopping.sleep, DBOS.sleep_async

    def short(stopping: Stopping, seconds: float) -> None:
        sleep(stopping, min(seconds, _LONGEST_PAUSE))

    async def short_async(seconds: float) -> None:
        await sleep_async(min(seconds, _LONGEST_PAUSE))

    with patch.object(Stopping, "sleep", short), patch.object(DBOS, "sleep_async", short_async):
        yield


def main() -> None:
    """Give the command that the arguments name."""
    file = Path(os.environ[CLOCK])

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text("utf-8") or 0))

    # There is no setting for this, because nobody who runs the product should have one.
    with hurried(), patch.object(app, "opened", partial(app.opened, now=now)):
        cli.main()


if __name__ == "__main__":
    main()
