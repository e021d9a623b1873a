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
    assert "is not known here; known: api_token, audit_heads_file, audit_heads_url, console, crash_at" in told


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


OIDC = '[console.oidc]\nissuer = "{}"\nclient_id = "app"\nroles = {{ admin = ["heads"] }}\n'


@pytest.mark.parametrize(
    ("issuer", "environment", "words"),
    [
        ("https://login.example", {}, "line 1: console.oidc: needs the secret of the app"),
        ("http://login.example", {"OIDC_CLIENT_SECRET": "x"}, 'line 2: console.oidc.issuer: "http://login'),
        (
            "https://login.example",
            {"OIDC_CLIENT_SECRET": "x", "PUBLIC_URL": "http://console.example"},
            "console.oidc: needs a public_url with https",
        ),
    ],
)
def test_a_login_elsewhere_takes_https_and_a_secret(
    tmp_path: Path, issuer: str, environment: dict[str, str], words: str
) -> None:
    given = {f"MLCONNECTOR_{name}": value for name, value in environment.items()}
    assert words in complaint(tmp_path, OIDC.format(issuer), **given)


def test_without_passwords_there_has_to_be_another_way_in(tmp_path: Path) -> None:
    assert "line 1: console: passwords = false locks everybody out" in complaint(
        tmp_path, "[console]\npasswords = false\n"
    )


def test_secrets_of_the_settings_are_not_shown(tmp_path: Path) -> None:
    given = {"MLCONNECTOR_MASTER_KEY": KEY, "MLCONNECTOR_API_TOKEN": "open-sesame-4711"}
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 100_000, "nested too deep"),
        ("a = " + "{b=" * 100_000, "nested too deep"),
        ("port = " + "1" * 100_000, "digits"),
        ("port" + ".a" * 100_000 + " = 1", "line 1: not valid TOML: nested too deep"),
        ("# " + "x" * 1024 * 1024, "File too large"),
    ],
    ids=["lists", "tables", "digits", "names", "size"],
)
def test_a_text_without_end_is_refused_in_words(tmp_path: Path, text: str, told: str) -> None:
    assert told in complaint(tmp_path, text)


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(UnreadableSettings, match="File too large"):
        load_settings(Path("/dev/zero"))


@pytest.mark.parametrize(
    "token", [" ", " " * 40, "short", "x" * 40, "abc" * 20, "a long text with blanks in it"]
)
def test_a_token_that_can_be_guessed_is_refused_without_being_repeated(tmp_path: Path, token: str) -> None:
    told = complaint(tmp_path, f'api_token = "{token}"\n')
    assert told.startswith("ml-connector.toml, line 1: api_token: expected at least 16 characters")
    assert token not in told or not token.strip()
    assert complaint(tmp_path, "", MLCONNECTOR_API_TOKEN=token).startswith("MLCONNECTOR_API_TOKEN: expected")


def test_a_token_that_is_empty_is_none(tmp_path: Path) -> None:
    file = tmp_path / "ml-connector.toml"
    file.write_text("")
    settings = load_settings(file, {"MLCONNECTOR_API_TOKEN": ""})
    assert settings.api_token is not None
    assert not settings.api_token.get_secret_value()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_a_key_file_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "master.key"
    key.write_text(KEY)
    key.chmod(mode)
    with pytest.raises(UnreadableSettings) as error:
        Settings(master_key_file=key).master_key_text()
    assert str(error.value).startswith(
        f"{key}: the master key can be read or changed by others (mode {mode:04o})"
    )
    assert f"chmod 600 {key}" in str(error.value)
    assert Settings(master_key_file=key, master_key_file_shared=True).master_key_text() == KEY


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_that_is_private_is_taken(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "master.key"
    key.write_text(KEY)
    key.chmod(mode)
    assert Settings(data_dir=tmp_path).master_key_text() == KEY


def test_proxies_are_addresses_or_networks(tmp_path: Path) -> None:
    told = complaint(tmp_path, 'trusted_proxies = "10.0.0.2, proxy.example.com"\n')
    assert told.endswith("expected addresses or networks, e.g. 10.0.0.2, not proxy.example.com")


def test_an_address_for_heads_is_one(tmp_path: Path) -> None:
    assert "begins with https://" in complaint(tmp_path, 'audit_heads_url = "hooks.example.com"\n')
