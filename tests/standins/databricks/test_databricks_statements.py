"""Statements: their states, parameters and limits, and results in chunks of strings."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.sql import (
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    StatementParameterListItem,
)

from mlconnector.standins.base import Clock
from mlconnector.standins.databricks import WAREHOUSE_ID
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.faults import Fault
from tests.standins.databricks.conftest import MERGE, TICK, Hurried, Run, error, rows, state

pytestmark = pytest.mark.xdist_group("databricks")
STATEMENTS = "/api/2.0/sql/statements"


def execute(api: httpx.Client, **body: Any) -> httpx.Response:
    return api.post(STATEMENTS, json={"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID} | body)


def ended(client: WorkspaceClient, statement_id: str | None) -> str:
    """The end that a statement comes to."""
    while True:
        found = state(client.statement_execution.get_statement(statement_id or ""))
        if found not in {"PENDING", "RUNNING"}:
            return found
        time.sleep(TICK)


def test_every_value_is_a_string_or_null(run: Run) -> None:
    text = """SELECT 1, CAST(2.50 AS DECIMAL(18,2)), true, DATE'2026-03-01',
      TIMESTAMP'2026-03-01 07:08:09.123', CAST(NULL AS STRING), 1.5D, array(1, NULL), named_struct('a', 2)"""
    assert rows(run(text)) == [
        [
            *("1", "2.50", "true", "2026-03-01", "2026-03-01T07:08:09.123Z", None, "1.5"),
            *('["1",null]', '{"a":"2"}'),
        ]
    ]


def test_the_manifest_tells_types_as_the_original_does(run: Run) -> None:
    response = run("SELECT CAST(1 AS BIGINT) AS a, CAST(1 AS DECIMAL(18,2)) AS b, array('x') AS c")
    assert response.manifest is not None
    assert response.manifest.schema is not None
    columns = response.manifest.schema.columns or []
    shown = [(each.name, each.type_name.value if each.type_name else "", each.type_text) for each in columns]
    assert shown == [
        ("a", "LONG", "BIGINT"),
        ("b", "DECIMAL", "DECIMAL(18,2)"),
        ("c", "ARRAY", "ARRAY<STRING>"),
    ]


def test_a_failed_statement_is_answered_with_200(api: httpx.Client) -> None:
    answer = execute(api, statement="SELECT * FROM main.default.nothing")
    status = answer.json()["status"]
    assert (answer.status_code, status["state"], status["sql_state"]) == (200, "FAILED", "42P01")
    assert status["error"]["error_code"] == "BAD_REQUEST"
    assert status["error"]["message"].startswith("[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.")
    assert "result" not in answer.json()


@pytest.mark.parametrize("path", [STATEMENTS, f"{STATEMENTS}/"])
def test_statements_are_taken_with_and_without_a_slash_at_the_end(api: httpx.Client, path: str) -> None:
    answer = api.post(path, json={"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID})
    assert answer.json()["result"]["data_array"] == [["1"]]


def test_the_client_asks_without_a_slash(run: Run, standin: DatabricksStandIn) -> None:
    run("SELECT 1")
    assert standin.services.calls[-1].path == STATEMENTS


@pytest.mark.parametrize(
    "body",
    [
        {"statement": ""},
        {"warehouse_id": ""},
        {"wait_timeout": "3s"},
        {"wait_timeout": "51s"},
        {"wait_timeout": "10"},
        {"on_wait_timeout": "WAIT"},
        {"disposition": "FILE"},
        {"format": "ARROW_STREAM"},
        {"parameters": [{"value": "1"}]},
        {"parameters": [{"name": "a", "value": 1}]},
        {"parameters": [{"name": "a", "value": "[]", "type": "ARRAY<STRING>"}]},
        {"parameters": [{"name": "a", "value": "1", "type": "INT) --"}]},
        {"statement": "SELECT '" + "x" * 16 * 1024 * 1024 + "'"},
    ],
)
def test_a_request_that_cannot_be_is_refused(api: httpx.Client, body: dict[str, Any]) -> None:
    answer = execute(api, **body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_256_parameters_are_taken_and_one_more_is_not(client: WorkspaceClient) -> None:
    given = [StatementParameterListItem(name=f"p{number}", value="x") for number in range(257)]
    execute = client.statement_execution.execute_statement
    assert state(execute("SELECT :p255", WAREHOUSE_ID, parameters=given[:256])) == "SUCCEEDED"
    with pytest.raises(BadRequest, match="257 parameters were given but the limit is 256"):
        execute("SELECT :p255", WAREHOUSE_ID, parameters=given)


@pytest.mark.parametrize(
    "value", ["o'; DROP TABLE x --", "\\", "\\'", 'a"b', "Zeile 1\nZeile 2\t", "ä😀", "`x`", ":b", "${x}", ""]
)
def test_a_parameter_is_a_value_and_never_sql(run: Run, value: str) -> None:
    assert rows(run("SELECT :a AS a, 'x' AS b", a=value)) == [[value, "x"]]


def test_a_parameter_has_a_type_and_may_be_null(client: WorkspaceClient) -> None:
    given = [
        StatementParameterListItem(name="a", value="12.5", type="DECIMAL(18,2)"),
        StatementParameterListItem(name="b", type="DATE"),
    ]
    text = "SELECT :a, :b, typeof(:a)"
    found = client.statement_execution.execute_statement(text, WAREHOUSE_ID, parameters=given)
    assert rows(found) == [["12.50", None, "decimal(18,2)"]]


def test_a_parameter_without_a_value_is_an_error(run: Run) -> None:
    assert "[UNBOUND_SQL_PARAMETER]" in error(run("SELECT :a, :b", a="1"))


def test_one_call_takes_one_statement(run: Run) -> None:
    assert "[PARSE_SYNTAX_ERROR]" in error(run("SELECT 1; SELECT 2"))


def test_a_result_comes_in_chunks(client: WorkspaceClient, standin: DatabricksStandIn, run: Run) -> None:
    standin.statement_api.chunk_rows = 2
    response = run("SELECT x FROM VALUES (1), (2), (3), (4), (5) AS t(x) ORDER BY x")
    assert response.manifest is not None
    assert (response.manifest.total_chunk_count, response.manifest.total_row_count) == (3, 5)
    found, chunk = [], response.result
    while chunk is not None:
        found += chunk.data_array or []
        if chunk.next_chunk_index is None:
            break
        link = chunk.next_chunk_internal_link or ""
        assert link.startswith(f"{STATEMENTS}/{response.statement_id}/result/chunks/{chunk.next_chunk_index}")
        chunk = client.statement_execution.get_statement_result_chunk_n(
            response.statement_id or "", chunk.next_chunk_index
        )
    assert found == [["1"], ["2"], ["3"], ["4"], ["5"]]


def test_a_chunk_that_is_not_there_is_not_found(api: httpx.Client) -> None:
    statement = execute(api).json()["statement_id"]
    assert api.get(f"{STATEMENTS}/{statement}/result/chunks/1").status_code == 404
    assert api.get(f"{STATEMENTS}/01-none").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_fewer_rows_may_be_asked_for_and_the_manifest_says_so(api: httpx.Client) -> None:
    answer = execute(api, statement="SELECT * FROM VALUES (1), (2) AS t(x)", row_limit=1).json()
    assert (len(answer["result"]["data_array"]), answer["manifest"]["truncated"]) == (1, True)


def test_a_result_that_is_too_long_for_the_answer_fails(run: Run, standin: DatabricksStandIn) -> None:
    standin.statements.largest_inline = 10
    assert rows(run("SELECT '0123456789'")) == [["0123456789"]]
    assert "[INLINE_BYTE_LIMIT_EXCEEDED]" in error(run("SELECT '0123456789A'"))


def test_a_long_result_comes_by_links_that_want_no_token(client: WorkspaceClient, clock: Clock) -> None:
    response = client.statement_execution.execute_statement(
        "SELECT 1", WAREHOUSE_ID, disposition=Disposition.EXTERNAL_LINKS
    )
    assert response.result is not None
    (linked,) = response.result.external_links or []
    address = linked.external_link or ""
    assert httpx.get(address).json() == [["1"]]
    assert httpx.get(address, headers={"Authorization": "Bearer x"}).status_code == 400
    clock.advance(901)
    assert httpx.get(address).status_code == 403


def test_a_statement_that_is_not_waited_for_ends_later(
    client: WorkspaceClient, standin: DatabricksStandIn, clock: Clock
) -> None:
    standin.statements.seconds = 30
    response = client.statement_execution.execute_statement("SELECT 1", WAREHOUSE_ID, wait_timeout="0s")
    assert state(response) in {"PENDING", "RUNNING"}
    assert response.result is None
    clock.advance(31)
    assert ended(client, response.statement_id) == "SUCCEEDED"


def test_a_statement_goes_on_after_the_wait_or_is_canceled_as_was_asked(
    client: WorkspaceClient, standin: DatabricksStandIn, clock: Clock
) -> None:
    standin.statements.seconds, standin.statement_api.longest_wait = 30, 0.05
    execute = client.statement_execution.execute_statement
    assert state(execute("SELECT 1", WAREHOUSE_ID, wait_timeout="5s")) == "RUNNING"
    cancel = ExecuteStatementRequestOnWaitTimeout.CANCEL
    response = execute("SELECT 1", WAREHOUSE_ID, wait_timeout="5s", on_wait_timeout=cancel)
    assert state(response) == "CANCELED"
    clock.advance(31)
    assert ended(client, response.statement_id) == "CANCELED"


def test_a_statement_can_be_canceled(client: WorkspaceClient, standin: DatabricksStandIn) -> None:
    standin.statements.seconds = 30
    response = client.statement_execution.execute_statement("SELECT 1", WAREHOUSE_ID, wait_timeout="0s")
    client.statement_execution.cancel_execution(response.statement_id or "")
    assert ended(client, response.statement_id) == "CANCELED"


def test_a_result_is_kept_for_an_hour(
    client: WorkspaceClient, run: Run, clock: Clock, standin: DatabricksStandIn
) -> None:
    standin.login.life = 7200
    statement = run("SELECT 1").statement_id or ""
    clock.advance(3599)
    assert state(client.statement_execution.get_statement(statement)) == "SUCCEEDED"
    clock.advance(2)
    found = client.statement_execution.get_statement(statement)
    assert (state(found), found.result) == ("CLOSED", None)


def test_a_closed_statement_was_carried_out(run: Run, lines: DatabricksStandIn) -> None:
    lines.statements.closing = 1
    assert state(run(MERGE, rows='[{"id":"1","amount":"1.00"}]')) == "CLOSED"
    assert lines.sql("SELECT line_id FROM main.books.lines") == [["1"]]


def test_the_next_statement_can_be_made_to_fail(run: Run, standin: DatabricksStandIn) -> None:
    standin.statements.failing.append(SqlError("X", "No.", "XX000", "RESOURCE_EXHAUSTED"))
    response = run("SELECT 1")
    assert error(response) == "[X] No. SQLSTATE: XX000"
    assert rows(run("SELECT 1")) == [["1"]]


def test_the_client_posts_again_when_the_answer_was_lost_and_a_merge_bears_it(
    run: Run, lines: DatabricksStandIn
) -> None:
    lost = lines.faults.add(Fault("lose_answer", "POST", f"{STATEMENTS}$"))
    response = run(MERGE, rows='[{"id":"1","amount":"1.00"}]')
    assert lost.happened.is_set()
    assert len([call for call in lines.services.calls if call.path == STATEMENTS]) == 2
    assert rows(response) == [["0", "0", "0", "0"]]
    assert lines.sql("SELECT count(*), sum(amount) FROM main.books.lines") == [["1", "1.00"]]


@pytest.mark.parametrize("status", [429, 503])
def test_the_client_waits_and_asks_again_where_it_is_told_to(
    run: Run, standin: DatabricksStandIn, status: int, hurried: Hurried
) -> None:
    refused = standin.refuse(STATEMENTS, status, retry_after="3")
    assert rows(run("SELECT 1")) == [["1"]]
    assert refused.happened.is_set()
    assert hurried.slept >= 3


def test_statements_of_another_principal_are_not_shown(
    url: str, api: httpx.Client, standin: DatabricksStandIn
) -> None:
    standin.add_principal("another", "secret")
    statement = execute(api).json()["statement_id"]
    form = {"grant_type": "client_credentials", "scope": "all-apis"}
    token = httpx.post(f"{url}/oidc/v1/token", data=form, auth=("another", "secret")).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{url}{STATEMENTS}/{statement}", headers=headers).status_code == 404


def test_an_id_of_a_statement_looks_like_one(run: Run) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", run("SELECT 1").statement_id or "")


def test_a_megabyte_of_rows_comes_in_one_parameter(run: Run, lines: DatabricksStandIn) -> None:
    many = json.dumps([{"id": f"{number:08}", "amount": "1.10"} for number in range(20_000)])
    assert rows(run(MERGE, rows=many)) == [["20000", "0", "0", "20000"]]
    assert lines.sql("SELECT sum(amount) FROM main.books.lines") == [["22000.00"]]
