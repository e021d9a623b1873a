import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.texts import zone

COMMANDS = [
    *("init", "connect", "login", "ping", "preview", "release", "run", "serve", "worker"),
    *("status", "inbox", "vouchers", "batches", "batch", "replay", "ignore", "check", "demo", "disconnect"),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def test_the_bare_command_explains_every_command() -> None:
    text = call().output
    for name in [*COMMANDS, "audit", "vault"]:
        assert name in text
    assert "login needed" in text


@pytest.mark.parametrize("name", [*COMMANDS, "audit verify", "audit show", "vault rotate"])
def test_every_command_has_help_with_an_example(name: str) -> None:
    answer = call(*name.split(), "--help")
    assert answer.exit_code == 0
    assert f"Example: ml-connector {name}" in answer.output


def test_the_reference_lists_every_command() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/commands.md").read_text()
    for name in [*COMMANDS, "audit verify", "audit show", "vault rotate"]:
        assert f"`{name}" in text


def test_init_writes_settings_a_private_key_and_an_example(here: Path) -> None:
    assert call("init").exit_code == 0
    key = here / "ml-connector-data/master.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (here / "ml-connector.toml").exists()
    assert (here / "my-pipedrive.toml").exists()


def test_init_overwrites_nothing(here: Path) -> None:
    call("init")
    key = (here / "ml-connector-data/master.key").read_text()
    (here / "ml-connector.toml").write_text('language = "de"\n')
    assert call("init").exit_code == 0
    assert (here / "ml-connector-data/master.key").read_text() == key
    assert (here / "ml-connector.toml").read_text() == 'language = "de"\n'


def test_a_mistake_in_the_connection_names_file_line_and_what_was_expected(here: Path) -> None:
    call("init")
    text = (here / "my-pipedrive.toml").read_text().replace("account_length = 4 ", "account_length = 44 ")
    text = text.replace('client_id = ""', 'client_id = "app"').replace('begin = ""', "begin = 2026-01-01")
    (here / "my-pipedrive.toml").write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.startswith("account_length"))
    answer = call("connect", "my-pipedrive.toml")
    assert answer.exit_code == 2
    assert f"my-pipedrive.toml, line {line}: books.account_length" in answer.stderr


def test_settings_that_are_no_toml_name_the_line(here: Path) -> None:
    call("init")
    (here / "ml-connector.toml").write_text("language = \n")
    answer = call("status")
    assert answer.exit_code == 2
    assert "ml-connector.toml, line 1" in answer.stderr


def test_an_unknown_setting_in_the_environment_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("init")
    monkeypatch.setenv("MLCONNECTOR_LANGAUGE", "de")
    answer = call("status")
    assert answer.exit_code == 2
    assert "MLCONNECTOR_LANGAUGE" in answer.stderr


def test_without_a_master_key_the_cure_is_said(here: Path) -> None:
    answer = call("status")
    assert answer.exit_code == 2
    assert "ml-connector init" in answer.stderr


def test_an_unreachable_database_is_a_clear_message_and_nothing_half_written(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("init")
    monkeypatch.setenv("MLCONNECTOR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    answer = call("status")
    assert answer.exit_code == 1
    assert "database" in answer.stderr


def test_an_unknown_connection_is_a_problem_with_its_cure(here: Path) -> None:
    call("init")
    answer = call("ping", "nobody")
    assert answer.exit_code == 1
    assert "nobody" in answer.stderr


def test_a_fresh_installation_has_nothing_to_show(here: Path) -> None:
    call("init")
    assert call("inbox").output.strip() == "nothing waits"
    assert json.loads(call("status", "--json").output) == {}
    assert "unbroken" in call("audit", "verify").output


def test_check_reports_line_column_value_rule_and_cure(here: Path) -> None:
    (here / "EXTF_x.csv").write_bytes(b'"EXTF";700;21;"Buchungsstapel";99\r\n')
    answer = call("check", "EXTF_x.csv", "--json")
    assert answer.exit_code == 1
    finding = json.loads(answer.output)["findings"][0]
    assert finding["rule"]
    assert finding["line"] == 1
    assert finding["cure"]


def test_check_names_a_file_that_is_not_there(here: Path) -> None:
    answer = call("check", "nothing.csv")
    assert answer.exit_code == 1
    assert "nothing.csv" in answer.stderr


def test_replay_wants_to_know_which(here: Path) -> None:
    call("init")
    assert call("replay", "my-pipedrive").exit_code == 2


def test_moments_are_shown_in_the_zone_of_the_settings(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone, "_shown_in", zone.shown_in())
    call("init")
    assert call("status").exit_code == 0
    assert str(zone.shown_in()) == "Europe/Berlin"
    (here / "ml-connector.toml").write_text('timezone = "America/New_York"\n')
    assert call("status").exit_code == 0
    assert str(zone.shown_in()) == "America/New_York"
    (here / "ml-connector.toml").write_text('timezone = "Mars"\n')
    assert "“Mars” is not a time zone" in call("status").stderr
