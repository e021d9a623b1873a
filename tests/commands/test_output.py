"""What commands print: tables that lose nothing, texts that stay whole, nothing that works on a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from mlconnector.commands.exports import write_csv
from mlconnector.commands.output import (
    console,
    json_text,
    paragraph,
    print_line,
    print_row,
    print_table,
    visible,
)
from mlconnector.commands.working import keep_a_log
from mlconnector.texts.named import for_connection

HOSTILE = "Müller [red]GmbH[/red] :bomb:\x1b[2J\x9b31m\u202egpj.exe\x07"
SEEN = "Müller [red]GmbH[/red] :bomb:\\x1b[2J\\x9b31m\\u202egpj.exe\\x07"
LONG = "EXTF_pipedrive_2026-07_3f2a9c0d1e2f4b5c.csv"
COLUMNS = ("Nr", "Name", "Datei", "Betrag")
ROWS = [
    (1, "Bäckerei Süßmilch & Töchter Handelsgesellschaft mbH & Co. KG", LONG, "1.234.567,89"),
    (2, "日本語の長い名前の会社", "kurz.csv", "0,01"),
    (3, None, "", "-12,50"),
]


def test_every_command_of_a_cure_gets_the_name_that_it_leaves_open() -> None:
    cure = "`ml-connector replay NAME --cause …` or `ml-connector booked-by-hand NAME VOUCHER --reason WHY`"
    assert for_connection(cure, "shop", "number_missing") == (
        "`ml-connector replay shop --cause number_missing` or "
        "`ml-connector booked-by-hand shop VOUCHER --reason WHY`"
    )


class Page:
    """What was printed, as lines."""

    def __init__(self) -> None:
        self.file = io.StringIO()

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page()
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(console, "_file", made.file)
    return made


@pytest.fixture
def terminal(pipe: Page, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_color_system", None)
    return pipe


def marks(text: str) -> list[str]:
    """The characters of a text in their order, but for blanks."""
    return [one for one in text if not one.isspace()]


@pytest.mark.parametrize("width", [1, 5, 10, 20, 40, 60, 80, 140])
def test_every_character_of_a_cell_is_there_however_narrow_the_terminal(
    terminal: Page, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table((), ROWS, indent=2, right={0, 3})
    printed = [one for line in terminal.lines for one in marks(line) if one != "·"]
    assert sorted(printed) == sorted(one for row in ROWS for cell in row for one in marks(str(cell or "")))


@pytest.mark.parametrize("width", [20, 45, 60, 80, 140])
def test_a_table_is_no_wider_than_its_terminal_unless_a_single_word_is(
    terminal: Page, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(COLUMNS, ROWS, indent=2, right={0, 3})
    assert [line for line in terminal.lines if cell_len(line) > width and " " in line.strip()] == []
    assert LONG in "\n".join(terminal.lines)
    assert "1.234.567,89" in "\n".join(terminal.lines)


def test_texts_fold_and_what_is_one_word_stays_whole(terminal: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    print_table(
        ("Kennung", "Name"), [("organization/100008", "Gesellschaft für nachhaltiges Bauen"), ("x", "y")]
    )
    assert terminal.lines == [
        "Kennung              Name",
        "organization/100008  Gesellschaft für",
        "                     nachhaltiges Bauen",
        "x                    y",
    ]


def test_the_last_columns_stand_beneath_their_row_where_there_is_no_room(
    terminal: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_table(("Monat", "Zeilen", "Datei"), [("2026-07", 4, LONG), ("2026-08", 12, "")], right={1})
    assert terminal.lines == [
        "Monat    Zeilen",
        "2026-07       4",
        "  Datei",
        f"    {LONG}",
        "2026-08      12",
    ]


@pytest.mark.parametrize("width", [10, 14, 33])
def test_a_cell_that_folds_is_read_from_line_to_line(
    terminal: Page, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(("Datei",), [(LONG,), ("日本語の長い名前の会社",)])
    assert "".join(terminal.lines) == f"Datei{LONG}日本語の長い名前の会社"


def test_what_is_piped_has_one_line_for_each_row_and_no_blanks_at_its_end(pipe: Page) -> None:
    print_table(COLUMNS, ROWS, right={0, 3})
    assert len(pipe.lines) == 1 + len(ROWS)
    assert LONG in pipe.lines[1]
    assert pipe.lines == [line.rstrip() for line in pipe.lines]
    assert [line[-1] for line in pipe.lines] == ["g", "9", "1", "0"]


def test_a_table_may_have_no_headings_and_no_rows(pipe: Page) -> None:
    print_table((), [])
    print_table((), [("Soll", "1.000,00")])
    print_table(("Konto",), [])
    assert pipe.lines == ["Soll  1.000,00", "Konto"]


def test_a_row_keeps_to_its_columns(pipe: Page) -> None:
    print_row(["1", "Kästner König e. K.", "10,00"], [2, 8, 6], right={0, 2})
    assert pipe.lines == [" 1  Kästner    10,00", "    König e.", "    K."]


def test_a_name_from_outside_is_neither_markup_nor_does_it_anything_to_a_terminal(terminal: Page) -> None:
    print_table(("Name",), [(HOSTILE,)])
    print_line(HOSTILE)
    paragraph(HOSTILE)
    print_row([HOSTILE], [80])
    assert terminal.lines[1:] == [SEEN] * 4


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\nVouchers: 1", "a\\nVouchers: 1"),
        ("\u2066x\u2069 \u200e\u2028", "\\u2066x\\u2069 \\u200e\\u2028"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("half \ud800", "half \\ud800"),
        ("Ä – „x“ 日本\u00a0€ 👩\u200d🔧", "Ä – „x“ 日本\u00a0€ 👩\u200d🔧"),
    ],
)
def test_what_cannot_be_seen_is_shown_and_what_can_stays(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_a_paragraph_breaks_between_words_and_keeps_addresses_whole(
    terminal: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    address = "https://login.example.com/openid/authorize?state=4711"
    paragraph(f"Open this in a browser: {address} and come back\nhere.", 2, hanging=2)
    assert terminal.lines == ["  Open this in a browser:", f"    {address}", "    and come back here."]


def test_lines_of_a_paragraph_are_no_wider_than_is_good_to_read(
    terminal: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    paragraph("wörd " * 100)
    assert {len(line) <= 110 for line in terminal.lines} == {True}
    assert " ".join(terminal.lines).split() == ["wörd"] * 100


def test_nothing_is_printed_for_an_empty_paragraph(pipe: Page) -> None:
    paragraph("")
    assert pipe.lines == []


def test_what_is_piped_has_no_colours() -> None:
    command = [sys.executable, "-m", "mlconnector", "explain", "DCO01012"]
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    piped = subprocess.run(command, capture_output=True, env={**environment, "TERM": "xterm-256color"})
    assert piped.returncode == 0
    assert b"DCO01012" in piped.stdout
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_a_log_has_one_line_for_a_message_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(logging.root, "handlers", [])
    for name in (None, "httpx", "alembic"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.getLogger(name).level)
    keep_a_log()
    logging.getLogger("mlconnector.test").warning("refused: %s", "x\n2026-11-29 INFO all is well\x1b[2J")
    (line,) = written.getvalue().splitlines()
    assert line.endswith("refused: x\\n2026-11-29 INFO all is well\\x1b[2J")


CONTROLS = "a\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\x7f\u202eb\u2028\u200bc\ufeff\ud800"


def test_json_does_nothing_to_a_terminal_and_says_the_same() -> None:
    text = json_text({CONTROLS: [CONTROLS, "Ä ß 😀 –"]})
    assert text.isprintable()
    assert "Ä ß 😀 –" in text
    assert json.loads(text) == {CONTROLS: [CONTROLS, "Ä ß 😀 –"]}


def test_csv_on_a_terminal_does_nothing_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(Path("-"), ["Name"], [[CONTROLS], ["=1+1"]], spoken="de")
    printed = capsys.readouterr().out
    assert printed.replace("\r\n", "").isprintable()
    assert "'=1+1" in printed
