from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.store import hints, logins
from mlconnector.store.database import Database
from mlconnector.store.httplog import HttpLog, recent
from mlconnector.store.retention import Forgotten, sweep
from mlconnector.store.seals import MasterKeys, generate_master_key
from mlconnector.store.vault import Vault
from mlconnector.systems.kit.exchanges import Exchange
from tests.clock import Clock


@pytest.fixture
def vault(connected: Database, clock: Clock) -> Vault:
    return Vault(connected, MasterKeys.parse(generate_master_key()), clock)


def test_a_sweep_forgets_what_is_old_and_keeps_what_is_not(
    connected: Database, clock: Clock, vault: Vault
) -> None:
    log = HttpLog(connected)
    start = clock()
    for age in (40, 31, 28):
        at = start - timedelta(days=age)
        log.write("north", Exchange("datev", at, "GET", str(age), 200, 0.1, {}, {}, "", ""))
        with connected.write() as transaction:
            hints.keep(transaction, f"{age}", "north", b"", [], at)
            hints.mark_taken(transaction, [f"{age}"], at)
    log.flush()
    with connected.write() as transaction:
        hints.keep(transaction, "waits", "north", b"", [], start - timedelta(days=90))
    logins.begin(vault, "north", "datev", "old", b"")
    clock.advance(86400 + 601)
    logins.begin(vault, "north", "datev", "young", b"young")

    assert sweep(connected, clock(), request_days=30, webhook_days=35) == Forgotten(2, 1, 1)
    assert sweep(connected, clock(), request_days=30, webhook_days=35) == Forgotten(0, 0, 0)
    with connected.read() as connection:
        assert [row.url for row in recent(connection)] == ["28"]
        assert hints.counts(connection, "north").taken == 2
        assert hints.counts(connection, "north").waiting == 1
    assert logins.take(vault, "young") is not None
