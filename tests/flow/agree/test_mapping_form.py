"""A form is written from the source's words, filled in by the adviser, and comes back as mapping rows."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable
from datetime import date

import pytest

from mlconnector.flow.agree import mapping_form, mapping_rows, own_words
from mlconnector.flow.agree.mapping_rows import Taken
from mlconnector.flow.context.settings import read_connection
from mlconnector.texts.catalogue import fault, word
from mlconnector.texts.language import Language
from tests.flow.cin7_rig import Cin7FlowRig, MakeRig, without_mapping

CASES = {
    "19% USt": "domestic_19",
    "7% USt": "Inland 7 %",
    "IG Lieferung 0%": "eu_goods_vat_id",
    "Ausfuhr 0%": "export_goods",
    "19% VSt": "input_tax_19",
    "7% VSt": "input_tax_7",
    "IG Erwerb": "acquisition_19",
    "§13b": "eu_service_received_19",
    "Einfuhr 0%": "import_goods",
}
ACCOUNTS = {"200": "8400", "205": "by tax case", "090": "1200", "091": "1361", "092": "1362"}

Line = dict[str, str]


def form(rig: Cin7FlowRig, language: Language = "en") -> list[Line]:
    """The lines of the form as it is written, by our names of the columns."""
    found = own_words.mapped(own_words.told(rig.context), rig.context.rules.mapping)
    return [
        dict(zip(mapping_form.COLUMNS, cells, strict=True))
        for cells in mapping_form.form_rows(found, language)
    ]


def content(lines: list[Line], language: Language = "en") -> bytes:
    """The form as a file."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow(mapping_form.headings(language))
    writer.writerows([line[column] for column in mapping_form.COLUMNS] for line in lines)
    return file.getvalue().encode()


def fill(lines: list[Line]) -> None:
    """What the adviser chooses."""
    for line in lines:
        if "ule" in line["called"] or "egel" in line["called"]:
            line["tax_case"] = CASES.get(line["value"], "")
        else:
            line["account"] = ACCOUNTS.get(line["value"], "")
        if line["value"] == "320":
            line |= {"account": "3800", "automatic": "no"}
        if line["value"] == "Lager Wien":
            line["cost_centre"] = "210"


def taken(rig: Cin7FlowRig, lines: list[Line], language: Language = "en") -> Taken:
    return mapping_rows.take(rig.context, content(lines, language))


def with_parts(rig: Cin7FlowRig, found: Taken) -> str:
    """The connection's text with the rows at its end."""
    return "\n\n".join([rig.text, *(part.toml for part in found.parts)])


def faults(found: Taken) -> list[tuple[int, str, str]]:
    return [(one.line, one.key, one.facts.get("given", "")) for one in found.faults]


def changed(rig: Cin7FlowRig, word: str, /, **cells: str) -> Taken:
    """What the form comes to in which these cells of a word are filled in."""
    lines = form(rig)
    for line in lines:
        if line["value"] == word:
            line |= cells
    return taken(rig, lines)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_form_that_was_filled_in_becomes_rows_that_the_settings_take(
    make_cin7_rig: MakeRig, language: Language
) -> None:
    rig = make_cin7_rig(change=without_mapping)
    lines = form(rig, language)
    assert not any(line[column] for line in lines for column in mapping_form.CHOSEN)
    fill(lines)
    if language == "de":
        for line in lines:
            line["account"] = line["account"].replace("by tax case", "laut Steuerfall")
            line["automatic"] = line["automatic"].replace("no", "nein")
    found = taken(rig, lines, language)
    assert found.faults == ()
    settings = read_connection(with_parts(rig, found), "the file with the rows")
    mapping = settings.rules.mapping
    assert {row.tax_code: row.case for row in mapping.tax_case}["7% USt"] == "domestic_7"
    assert [row.vat_id for row in mapping.tax_case if row.tax_code == "IG Erwerb"] == ["yes"]
    assert {row.attributes["account"]: row.account for row in mapping.revenue} == {"200": "8400", "205": None}
    assert [(row.account, row.automatic) for row in mapping.expense] == [("3800", False)]
    assert mapping.payments.table == {"090": "1200", "091": "1361", "092": "1362"}
    assert mapping.cost_centre_1 is not None
    assert (mapping.cost_centre_1.attribute, mapping.cost_centre_1.table) == (
        "location",
        {"Lager Wien": "210"},
    )


def test_what_was_taken_stands_in_the_next_form_and_comes_to_nothing_new(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    lines = form(rig)
    fill(lines)
    rig.connect(with_parts(rig, taken(rig, lines)))
    again = form(rig)
    assert {line["value"]: line["tax_case"] for line in again}["7% USt"] == "domestic_7"
    standings = {line["value"]: line["standing"] for line in again}
    assert (standings["19% USt"], standings["210"]) == ("mapped", "open")
    found = taken(rig, again)
    assert (found.parts, found.faults) == ((), ())
    assert found.same == len([line for line in lines if any(line[one] for one in mapping_form.CHOSEN)])


def test_the_form_of_a_connection_that_is_mapped_says_what_is_mapped(make_cin7_rig: MakeRig) -> None:
    lines = {line["value"]: line for line in form(make_cin7_rig(), "de")}
    assert lines["19% USt"]["called"] == "Steuerregel (Verkauf)"
    assert lines["19% USt"]["facts"] == "19 %, Verkauf"
    assert lines["16% USt"]["facts"] == "16 %, Verkauf, nicht mehr in Gebrauch"
    assert (lines["19% USt"]["tax_case"], lines["19% USt"]["standing"]) == ("domestic_19", "zugeordnet")
    assert "domestic_19" in lines["19% USt"]["possible"]
    assert "domestic_7" not in lines["19% USt"]["possible"]
    assert (lines["200"]["account"], lines["090"]["account"]) == ("laut Steuerfall", "1200")
    assert (lines["320"]["account"], lines["320"]["automatic"]) == ("3800", "nein")
    assert (lines["Lager Wien"]["cost_centre"], lines["Lager Wien"]["standing"]) == ("", "nicht nötig")


def test_a_line_that_says_something_else_replaces_its_row_and_keeps_the_rest_of_it(
    make_cin7_rig: MakeRig,
) -> None:
    (part,) = changed(make_cin7_rig(), "205", account="8400").parts
    assert (part.table, part.replaces) == ("revenue", 2)
    assert tomllib.loads(part.toml) == {
        "mapping": {"revenue": [{"attributes": {"account": "205"}, "supply": "service", "account": "8400"}]}
    }


@pytest.mark.parametrize(("language", "written"), [("de", "01.07.2026"), ("en", "2026-07-01")])
def test_a_line_that_holds_from_a_day_on_follows_its_row_and_comes_back_as_it_was(
    make_cin7_rig: MakeRig, language: Language, written: str
) -> None:
    rig = make_cin7_rig()
    lines = form(rig, language)
    for line in lines:
        if line["value"] == "205":
            line |= {"account": "8400", "valid_from": written}
        if line["value"] == "7% USt":
            line |= {"tax_case": "domestic_7", "valid_from": "1.7.2026"}
    found = taken(rig, lines, language)
    assert [(part.table, part.replaces) for part in found.parts] == [("tax_case", None), ("revenue", None)]
    (case,), (account,) = (tomllib.loads(part.toml)["mapping"][part.table] for part in found.parts)
    assert (case["tax_code"], case["case"], case["valid_from"]) == ("7% USt", "domestic_7", date(2026, 7, 1))
    assert account == {
        "attributes": {"account": "205"},
        "supply": "service",
        "account": "8400",
        "valid_from": date(2026, 7, 1),
    }
    rig.connect(with_parts(rig, found))
    again = form(rig, language)
    both = [(line["account"], line["valid_from"]) for line in again if line["value"] == "205"]
    assert both == [(word("chosen_account", "by_tax_case", language), ""), ("8400", written)]
    same = taken(rig, again, language)
    assert (same.parts, same.faults) == ((), ())


def test_a_line_with_the_beginning_of_a_row_changes_that_row_alone(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig()
    rig.connect(with_parts(rig, changed(rig, "205", account="8400", valid_from="2026-07-01")))
    lines = [line for line in form(rig) if line["value"] == "205" and line["valid_from"]]
    lines[0]["account"] = "8401"
    (part,) = taken(rig, lines).parts
    rows = rig.context.rules.mapping.revenue
    assert part.replaces == len(rows)
    assert (part.content["account"], part.content["valid_from"]) == ("8401", date(2026, 7, 1))


def test_a_line_keeps_what_the_row_says_that_it_follows(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig()
    followed = with_parts(rig, changed(rig, "205", account="8400", valid_from="2026-07-01"))
    rest, _, last = followed.rpartition('supply = "service"')
    rig.connect(f'{rest}supply = "goods"{last}')
    for day, supply in (("2026-10-01", "goods"), ("2026-06-30", "service")):
        lines = [line for line in form(rig) if line["value"] == "205"][:1]
        lines[0] |= {"account": "8401", "valid_from": day}
        (part,) = taken(rig, lines).parts
        assert (part.replaces, part.content["supply"]) == (None, supply)


def test_a_word_may_have_several_lines_that_begin_one_after_the_other(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig()
    (line,) = [line for line in form(rig) if line["value"] == "205"]
    days = ("2026-07-01", "2027-01-01")
    lines = [{**line, "account": "8400", "valid_from": day} for day in days]
    assert [str(part.content["valid_from"]) for part in taken(rig, lines).parts] == list(days)
    lines.append({**lines[0], "account": "8401"})
    assert faults(taken(rig, lines)) == [(4, "word_twice", "205")]


def test_a_line_without_a_day_holds_from_ever_though_the_row_begins(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig()
    rig.connect(
        rig.text.replace(
            'attributes = { account = "205" }', 'attributes = { account = "205" }\nvalid_from = 2026-07-01'
        )
    )
    (line,) = [line for line in form(rig) if line["value"] == "205"]
    assert line["valid_from"] == "2026-07-01"
    (part,) = taken(rig, [{**line, "account": "8400", "valid_from": ""}]).parts
    assert (part.replaces, "valid_from" in part.content) == (None, False)


def test_a_table_is_written_whole_with_what_it_had(make_cin7_rig: MakeRig) -> None:
    (part,) = changed(make_cin7_rig(), "091", account="1363").parts
    assert (part.table, part.replaces) == ("payments", 0)
    assert part.content["table"] == {
        "090": "1200", "091": "1363", "092": "1362", "850": "1590", "640": "1590"
    }  # fmt: skip


def test_zeros_that_a_spreadsheet_program_took_away_are_missed_by_nobody(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    lines = form(rig)
    for line in lines:
        if line["value"] == "090":
            line |= {"value": "90", "account": "970"}
    (part,) = taken(rig, lines).parts
    assert part.content["table"] == {"090": "0970"}


@pytest.mark.parametrize(
    ("value", "cells", "key", "allowed"),
    [
        ("19% USt", {"tax_case": "nineteen"}, "choice_unsuitable", "domestic_19"),
        ("19% USt", {"tax_case": "input_tax_19"}, "choice_unsuitable", "domestic_19"),
        ("19% USt", {"tax_case": "domestic_7"}, "choice_unsuitable", "domestic_19"),
        ("19% USt", {"account": "8400"}, "choice_not_here", "leave the cell empty"),
        ("200", {"account": "84OO"}, "choice_no_account", "4 digits"),
        ("200", {"account": "84000"}, "choice_no_account", "4 digits"),
        ("200", {"account": "8400", "automatic": "perhaps"}, "choice_unsuitable", "yes, no"),
        ("200", {"account": "8499"}, "row_refused", "say automatic = true or automatic = false"),
        ("200", {"account": "1776"}, "row_refused", "DATEV itself fills 1776"),
        ("090", {"account": "8400"}, "row_refused", "a bank, cash or clearing account"),
        ("310", {"tax_case": "domestic_19"}, "choice_unsuitable", "input_tax_19"),
        ("Lager Wien", {"cost_centre": "a/b"}, "choice_no_cost_centre", "36 letters"),
        ("200", {"account": "8400", "valid_from": "soon"}, "choice_no_day", "2026-07-01"),
        ("200", {"account": "8400", "valid_from": "31.02.2026"}, "choice_no_day", "01.07.2026"),
        ("19% USt", {"valid_from": "2026-07-01"}, "choice_day_alone", "no tax case and no account"),
        ("Lager Wien", {"valid_from": "2026-07-01"}, "choice_not_here", "leave the cell empty"),
        ("210", {"called": "Farbe"}, "choice_unsuitable", "Revenue account"),
        ("210", {"value": "211"}, "choice_unsuitable", "200, 205, 210"),
    ],
)
def test_what_cannot_be_is_told_with_its_line_what_was_given_and_what_is_possible(
    make_cin7_rig: MakeRig, value: str, cells: Line, key: str, allowed: str
) -> None:
    rig = make_cin7_rig(change=without_mapping)
    line = next(at for at, one in enumerate(form(rig), start=2) if one["value"] == value)
    found = changed(rig, value, **cells)
    assert [(one.line, one.key) for one in found.faults] == [(line, key)]
    (one,) = found.faults
    said = fault(one.key, one.facts, "en")
    assert allowed in said
    assert key == "row_refused" or next(reversed(cells.values())) in said
    assert found.parts == ()


def test_all_faults_are_told_at_once(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    lines = form(rig)
    for line in lines:
        if line["value"] in {"19% USt", "19% VSt"}:
            line["tax_case"] = "nineteen"
        if line["value"] in {"200", "090"}:
            line["account"] = "eight"
    assert len(taken(rig, lines).faults) == 4


def test_a_word_is_chosen_once(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    sales = next(line for line in form(rig) if line["value"] == "200")
    lines = [sales | {"account": "8400"}, sales | {"account": "8400"}, sales | {"account": "8300"}]
    assert faults(taken(rig, lines)) == [(4, "word_twice", "200")]


def test_several_rows_of_one_word_are_changed_in_the_file_alone(make_cin7_rig: MakeRig) -> None:
    second = '\n[[mapping.tax_case]]\ntax_code = "19% USt"\nregion = "third"\ncase = "domestic_19"\n'
    rig = make_cin7_rig(change=lambda text: text.replace("\n[datev]", f"{second}\n[datev]"))
    assert len([line for line in form(rig) if line["value"] == "19% USt"]) == 2
    assert taken(rig, form(rig)).faults == ()
    assert {key for _, key, _ in faults(changed(rig, "19% USt", tax_case="tax_free"))} == {
        "choice_unsuitable"
    }
    found = changed(rig, "19% USt", tax_case="eu_taxed_19")
    assert {key for _, key, _ in faults(found)} == {"word_has_rows"}


def test_places_have_no_room_where_both_tables_go_by_something_else(make_cin7_rig: MakeRig) -> None:
    def change(text: str) -> str:
        return text.replace(
            "[mapping.payments]", '[mapping.cost_centre_2]\nattribute = "x"\n\n[mapping.payments]'
        )

    rig = make_cin7_rig(change=change)
    assert faults(changed(rig, "Lager Wien", cost_centre="210"))[0][1] == "table_looks_elsewhere"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda _: b"", "file_empty"),
        (lambda whole: whole.splitlines()[0], "no_rows"),
        (lambda whole: whole.replace(b"In the source", b"Colour"), "mapping_column_missing"),
        (lambda whole: whole.replace(b";Account;", b";Tax case;"), "column_twice"),
    ],
)
def test_a_file_that_is_no_form_says_why(
    make_cin7_rig: MakeRig, change: Callable[[bytes], bytes], key: str
) -> None:
    rig = make_cin7_rig()
    found = mapping_rows.take(rig.context, change(content(form(rig))))
    assert [one.key for one in found.faults] == [key]


def test_what_a_word_has_in_it_cannot_break_the_file() -> None:
    odd = 'a "b"\\\n[mapping]\u00ad\u2028\U0001f3ed\x7f'
    part = mapping_rows.Part("tax_case", {"tax_code": odd, "attributes": {odd: odd}}, {}, is_row=True)
    assert all(line.isprintable() for line in part.toml.split("\n"))
    (row,) = tomllib.loads(part.toml)["mapping"]["tax_case"]
    assert row == {"tax_code": odd, "attributes": {odd: odd}}
