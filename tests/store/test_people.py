"""What two servers that begin at once do to each other."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from mlconnector.store import people
from mlconnector.store.database import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_of_two_setup_tokens_that_are_made_at_once_one_is_good(database: Database) -> None:
    begin = threading.Barrier(2)

    def make(token: str) -> None:
        begin.wait()
        with database.write() as db:
            people.replace_setup_token(db, token, NOW + timedelta(hours=1))
            time.sleep(0.1)

    both = [threading.Thread(target=make, args=(token,)) for token in ("one", "other")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with database.read() as db:
        assert sum(people.is_setup_token(db, token, NOW) for token in ("one", "other")) == 1
