"""The figures behind `/metrics`, counted from the database when they are asked for; webhooks as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.services import Services
from mlconnector.store import connections, figures, vouchers
from mlconnector.systems.registry import sink_systems

_DAY = timedelta(days=1)


class Figures:
    """Everything that `/metrics` shows, in a registry of its own."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Counted(services))
        self._deliveries = Counter(
            "mlconnector_webhook_deliveries",
            "Webhook deliveries since this process began, by what became of them; "
            "those to addresses without a connection have none.",
            ["connection", "outcome"],
            registry=self._registry,
        )

    def count_delivery(self, connection: str, outcome: str) -> None:
        """Count a webhook delivery."""
        self._deliveries.labels(connection, outcome).inc()

    def exposition(self) -> bytes:
        """All figures in the text format of Prometheus. Raises RetryLater."""
        return generate_latest(self._registry)


@dataclass(frozen=True, slots=True)
class _Counted(Collector):
    """Counts in the database when it is asked."""

    services: Services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each figure. Raises RetryLater."""
        self.services.http_log.flush()
        yield from self._connections()
        yield from self._work()
        yield from self._requests(self.services.now() - _DAY)

    def _connections(self) -> Iterator[GaugeMetricFamily]:
        state = _gauge("connection_state", "1 for the state that a connection is in.", "connection", "state")
        until = _gauge(
            "login_valid_until_timestamp_seconds", "When a login ends by itself.", "connection", "system"
        )
        with self.services.database.read() as db:
            rows = connections.every(db)
        for row in rows:
            for one in get_args(connections.ConnectionState):
                state.add_metric([row.name, one], float(row.state == one))
            for system in (row.source, *sink_systems()):
                end = self.services.vault.expires(row.name, token_name(system))
                if end is not None:
                    until.add_metric([row.name, system], end.timestamp())
        yield state
        yield until

    def _work(self) -> Iterator[GaugeMetricFamily]:
        with self.services.database.read() as db:
            voucher_states = vouchers.states(db)
            batch_states = figures.batch_states(db)
            hints = figures.waiting_hints(db)
        of_vouchers = _gauge("vouchers", "Vouchers by state.", "connection", "state")
        for name, states in sorted(voucher_states.items()):
            for state, count in sorted(states.items()):
                of_vouchers.add_metric([name, state], count)
        yield of_vouchers
        of_batches = _gauge("batches", "Buchungsstapel by state.", "connection", "state")
        for labels, count in sorted(batch_states.items()):
            of_batches.add_metric(labels, count)
        yield of_batches
        waiting = _gauge("webhook_hints_waiting", "Webhook hints that nobody took yet.", "connection")
        oldest = _gauge(
            "webhook_hint_oldest_timestamp_seconds", "Since when the oldest hint waits.", "connection"
        )
        for hint in hints:
            waiting.add_metric([hint.connection], hint.count)
            oldest.add_metric([hint.connection], hint.oldest.timestamp())
        yield waiting
        yield oldest

    def _requests(self, since: datetime) -> Iterator[GaugeMetricFamily]:
        with self.services.database.read() as db:
            counted = figures.requests(db, since)
            transfers = figures.transfer_counts(db, since)
        requests = _gauge(
            "http_requests_last_day",
            "Requests to outside systems in the last 24 hours; class is none where no answer came.",
            "system",
            "method",
            "class",
        )
        for one in counted:
            requests.add_metric([one.system, one.method, one.outcome], one.count)
        yield requests
        taken = _gauge("transfers_last_day", "What sinks took in the last 24 hours, by kind.", "kind")
        taken.add_metric(["batch"], transfers.batches)
        taken.add_metric(["document"], transfers.documents)
        yield taken
        if transfers.total:
            sinks = sink_systems()
            gets = sum(one.count for one in counted if one.method == "GET" and one.system in sinks)
            ratio = _gauge(
                "gets_per_transfer",
                "GET requests to sinks for each batch or document that they took, in the last 24 hours.",
            )
            ratio.add_metric([], gets / transfers.total)
            yield ratio


def _gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mlconnector_{name}", help_text, labels=labels)
