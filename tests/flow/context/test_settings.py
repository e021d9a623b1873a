"""A connection's text is checked as a whole; what is wrong is said with its line."""

from __future__ import annotations

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.context.settings import read_connection
from mlconnector.settings import UnreadableSettings

TEXT = connection_text("pipedrive", Scene({"pipedrive": "http://127.0.0.1:1", "datev": "http://127.0.0.1:2"}))


def complaint(text: str) -> UnreadableSettings:
    with pytest.raises(UnreadableSettings) as error:
        read_connection(text, "my.toml")
    return error.value


def line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_a_right_text_gives_the_settings_of_every_part() -> None:
    settings = read_connection(TEXT, "my.toml")
    assert (settings.name, settings.source_system.name) == ("demo-pipedrive", "pipedrive")
    assert settings.client == "29098-55003"
    assert settings.secrets == {
        "pipedrive": tuple(settings.source_system.secrets(settings.source)),
        "datev": ("client_secret",),
    }


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('system = "pipedrive"', 'system = "pipedriv"', "one of"),
        ('client = "29098-55003"', 'client = "Mandant 3"', "datev.client"),
        ('chart = "SKR03"', 'chart = "SKR99"', "books.chart"),
        ('supply = "goods"', 'suply = "goods"', "mapping.suply"),
        ('cron = ""', 'cron = "every now and then"', "cron"),
        ('account = "8401"', 'account = "84010"', "must be written with 4 digits"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(before: str, after: str, says: str) -> None:
    assert before in TEXT
    error = complaint(TEXT.replace(before, after))
    assert says in str(error)
    if "digits" not in says:
        assert error.line == line_with(TEXT, before)


def test_a_name_is_part_of_identities_so_it_is_plain() -> None:
    error = complaint(TEXT.replace('name = "demo-pipedrive"', 'name = "Meine Verbindung"'))
    assert (error.line, error.where) == (1, "my.toml")


def test_text_that_is_no_toml_is_said_to_be_none() -> None:
    assert "not valid TOML" in str(complaint("name = \n"))
