"""Every test of this folder has a fresh workspace of its own, behind one server and over one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.clock import RealClock
from databricks.sdk.core import Config
from databricks.sdk.service.sql import StatementParameterListItem, StatementResponse, StatementState

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.databricks import CLIENT_ID, CLIENT_SECRET, WAREHOUSE_ID, create
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.conftest import Switch

Run = Callable[..., StatementResponse]
TICK = 0.005
LINES = """CREATE TABLE IF NOT EXISTS main.books.lines (
  line_id STRING NOT NULL, amount DECIMAL(18,2), booked DATE, loaded_at TIMESTAMP, is_deleted BOOLEAN,
  CONSTRAINT lines_pk PRIMARY KEY (line_id)) USING DELTA CLUSTER BY (booked) COMMENT 'postings'"""
MERGE = """MERGE INTO main.books.lines AS t
USING (SELECT id, CAST(amount AS DECIMAL(18,2)) AS amount
       FROM (SELECT inline(from_json(:rows, 'ARRAY<STRUCT<id:STRING,amount:STRING>>')))) AS s
ON t.line_id = s.id
WHEN MATCHED AND t.amount <> s.amount THEN UPDATE SET t.amount = s.amount
WHEN NOT MATCHED THEN INSERT (line_id, amount) VALUES (s.id, s.amount)"""


@pytest.fixture
def standin(switch: Switch, clock: Clock) -> Iterator[DatabricksStandIn]:
    made = create(Options(clock=clock))
    switch.app = made.app
    yield made
    made.stop()


class Hurried(RealClock):
    """The clock of an official client, by which it has waited at once; `slept` is how long, in seconds."""

    def __init__(self) -> None:
        self.slept = 0.0

    def time(self) -> float:
        return super().time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def log_in(
    url: str, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET, hurried: Hurried | None = None
) -> WorkspaceClient:
    """The official client, which asks once and does not wait for long."""
    config = Config(
        host=url,
        client_id=client_id,
        client_secret=client_secret,
        retry_timeout_seconds=20,
        clock=hurried or Hurried(),
    )
    return WorkspaceClient(config=config)


@pytest.fixture
def hurried() -> Hurried:
    return Hurried()


@pytest.fixture
def client(url: str, standin: DatabricksStandIn, hurried: Hurried) -> WorkspaceClient:
    return log_in(url, hurried=hurried)


@pytest.fixture
def run(client: WorkspaceClient) -> Run:
    """Carries a statement out, with parameters as strings."""

    def run(text: str, **values: str | None) -> StatementResponse:
        given = [StatementParameterListItem(name=name, value=value) for name, value in values.items()]
        return client.statement_execution.execute_statement(text, WAREHOUSE_ID, parameters=given)

    return run


@pytest.fixture
def lines(standin: DatabricksStandIn) -> DatabricksStandIn:
    """A workspace with an empty table of postings."""
    standin.sql(f"CREATE SCHEMA main.books; {LINES}")
    return standin


@pytest.fixture
def api(url: str, standin: DatabricksStandIn) -> Iterator[httpx.Client]:
    """The API as it looks without the official client."""
    with httpx.Client(base_url=url) as made:
        form = {"grant_type": "client_credentials", "scope": "all-apis"}
        token = made.post("/oidc/v1/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET)).json()
        made.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield made


def rows(response: StatementResponse) -> Any:
    assert state(response) == "SUCCEEDED", response.status
    assert response.result is not None
    return response.result.data_array


def state(response: StatementResponse) -> str:
    assert response.status is not None
    assert isinstance(response.status.state, StatementState)
    return response.status.state.value


def error(response: StatementResponse) -> str:
    assert state(response) == "FAILED"
    assert response.status is not None
    assert response.status.error is not None
    return response.status.error.message or ""
