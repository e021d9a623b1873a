"""Settings that cannot be used are told with file or variable, line, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconnector.formats.dxso import ledger, package
from mlconnector.settings import DXSO_SCHEMAS, Settings, UnreadableSettings, line_of, load_settings

KEY = "k:AAAA"


def complaint(tmp_path: Path, text: str, **environment: str) -> str:
    file = tmp_path / "ml-connector.toml"
    file.write_text(text)
    with pytest.raises(UnreadableSettings) as error:
        load_settings(file, environment)
    return str(error.value).removeprefix(f"{tmp_path}/")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ml-connector.toml"
    file.write_text('language = "de"\nport = 8081\n')
    settings = load_settings(file, {"MLCONNECTOR_PORT": "8082"})
    assert (settings.language, settings.port) == ("de", 8082)


def test_without_a_file_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}) == Settings()


def test_a_misspelt_setting_is_told_with_what_was_meant(tmp_path: Path) -> None:
    told = complaint(tmp_path, 'port = 1\n\nlangauge = "de"\n')
    assert told == "ml-connector.toml, line 3: langauge: is not known here; did you mean language?"


def test_a_setting_that_is_nothing_like_any_is_told_with_all_there_are(tmp_path: Path) -> None:
    told = complaint(tmp_path, "colour = 1\n")
    assert "is not known here; known: api_token, crash_at, data_dir" in told


def test_a_value_that_does_not_fit_is_told_with_its_line(tmp_path: Path) -> None:
    told = complaint(tmp_path, '# ours\nlanguage = "fr"\n')
    assert told == "ml-connector.toml, line 2: language: “fr” will not do; possible is one of de, en"


def test_a_value_from_the_environment_is_told_by_its_variable(tmp_path: Path) -> None:
    assert complaint(tmp_path, "", MLCONNECTOR_PORT="abc") == (
        "MLCONNECTOR_PORT: “abc” will not do; possible is a whole number"
    )


def test_text_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert complaint(tmp_path, "port = 1\nlanguage = \n").startswith("ml-connector.toml, line 2: not valid")


@pytest.mark.parametrize("url", ["mysql://root:geheim@db/x", "geheim", "postgresql://root:geheim@db:port/x"])
def test_a_database_that_is_not_meant_is_refused_without_repeating_its_password(
    tmp_path: Path, url: str
) -> None:
    told = complaint(tmp_path, "", MLCONNECTOR_DATABASE_URL=url)
    assert told == (
        "MLCONNECTOR_DATABASE_URL: expected sqlite:////path/file or postgresql://user:password@host/name"
    )


@pytest.mark.parametrize("url", ["sqlite:////tmp/x", "postgresql://a:b@h/x", "postgresql+psycopg://a:b@h/x"])
def test_the_databases_that_are_meant_are_taken(url: str) -> None:
    assert load_settings(environment={"MLCONNECTOR_DATABASE_URL": url}).database == url


def test_secrets_of_the_settings_are_not_shown(tmp_path: Path) -> None:
    given = {"MLCONNECTOR_MASTER_KEY": KEY, "MLCONNECTOR_API_TOKEN": "open-sesame"}
    shown = repr(load_settings(environment=given))
    assert KEY not in shown
    assert "open-sesame" not in shown


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (["books", "chart"], 2),
        (["mapping", "revenue", 1, "account"], 8),
        (["mapping", "revenue", 1, "missing"], 7),
        (["mapping", "cost_centre_1", "table"], 10),
        (["nowhere"], None),
    ],
)
def test_the_line_of_a_value_is_found(location: list[str | int], line: int | None) -> None:
    text = (
        '[books]\nchart = "SKR03"\n\n[[mapping.revenue]]\naccount = "1"\n\n'
        '[[mapping.revenue]]\naccount = "2"\n[mapping.cost_centre_1]\ntable = {}\n'
    )
    assert line_of(text, location) == line


def test_a_folder_for_datevs_schemas_has_to_have_them(tmp_path: Path) -> None:
    told = complaint(tmp_path, "", MLCONNECTOR_DXSO_SCHEMAS=str(tmp_path))
    assert told.startswith("MLCONNECTOR_DXSO_SCHEMAS: expected a folder with DATEV's XSD files")
    assert all(name in told for name in DXSO_SCHEMAS)
    for name in DXSO_SCHEMAS:
        (tmp_path / name).touch()
    environment = {"MLCONNECTOR_DXSO_SCHEMAS": str(tmp_path)}
    assert load_settings(environment=environment).dxso_schemas == tmp_path


def test_the_schemas_are_those_that_the_written_files_name() -> None:
    assert {package.SCHEMA, ledger.SCHEMA} < set(DXSO_SCHEMAS)
