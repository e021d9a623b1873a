"""A client's own chart is imported, shown before, shared by its connections, and reaches the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import own_chart
from mlconnector.flow.agree.own_chart import ChartProposal
from mlconnector.flow.context.settings import read_books
from mlconnector.formats.extf import Header, write
from mlconnector.settings import UnreadableSettings
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig, second_connection

TABLE = """Konto;Bezeichnung;Funktion;Steuerfall
420;Büroeinrichtung;-;
8123;Erlöse Sonderfall;AM;domestic_19
8400;Erlöse 19 %;AM;domestic_19
10000;Kunde;;
"""
ROW = """
[[mapping.revenue]]
category = "Sonderfall"
account = "8123"
"""


def proposed(rig: Rig, content: str | bytes) -> ChartProposal:
    books = own_chart.books_of(rig.context)
    return own_chart.propose(rig.services, books, content if isinstance(content, bytes) else content.encode())


def imported(rig: Rig, content: str | bytes) -> ChartProposal:
    proposal = proposed(rig, content)
    assert proposal.faults == ()
    own_chart.apply(rig.services, proposal, "erika", "konten.csv")
    return proposal


def header(category: int, client: int = 55003, length: int = 4, chart: str = "03") -> Header:
    return Header(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        consultant=29098,
        client=client,
        fiscal_year_start=date(2026, 1, 1),
        account_length=length,
        category=category,
        chart=chart,
    )


def labels(rows: dict[str, str], **facts: Any) -> bytes:
    cells = [
        {"Konto": number, "Kontobeschriftung": name, "SprachId": "de-DE"} for number, name in rows.items()
    ]
    return write(header(20, **facts), cells).content


def test_the_difference_is_shown_before_anything_is_applied(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    first = proposed(rig, TABLE)
    assert [one.number for one in first.new] == ["0420", "8123", "8400"]
    assert [one.number for one in first.left_out] == ["10000"]
    assert proposed(rig, TABLE).changes_something
    imported(rig, TABLE)
    assert not proposed(rig, TABLE).changes_something
    again = proposed(rig, TABLE.replace("420;Büroeinrichtung;-;\n", "").replace("Sonderfall", "Anderes"))
    assert [one.number for one in again.gone] == ["0420"]
    assert [(old.name, new.name) for old, new in again.changed] == [("Erlöse Sonderfall", "Erlöse Anderes")]


def test_one_fault_and_nothing_is_applied(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    proposal = proposed(rig, TABLE + "x;y;;\n")
    assert [(one.line, one.key) for one in proposal.faults] == [(6, "number_invalid")]
    assert [one.key for one in proposed(rig, "Konto;Bezeichnung\n").faults] == ["no_rows"]
    assert [one.key for one in proposed(rig, "Konto;Bezeichnung\n10000;x\n").faults] == ["no_rows"]


def test_rules_know_the_accounts_of_the_own_chart(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    with pytest.raises(UnreadableSettings, match="account 8123 is not in the seeded chart SKR03"):
        rig.services.read(rig.text + ROW, "my.toml")
    imported(rig, TABLE)
    known = rig.services.rules(rig.name).accounts["8123"]
    assert (known.name, known.automatic, known.own) == ("Erlöse Sonderfall", True, True)
    assert rig.services.read(rig.text + ROW, "my.toml").rules.mapping.revenue[-1].account == "8123"


def test_a_chart_can_be_imported_before_the_connection_that_needs_it(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    text = rig.text.replace(f'name = "{rig.name}"', 'name = "new"').replace("29098-55003", "29098-55004")
    books = read_books(text + ROW, "new.toml")
    proposal = own_chart.propose(rig.services, books, TABLE.encode())
    own_chart.apply(rig.services, proposal, "erika", "konten.csv")
    assert rig.services.read(text + ROW, "new.toml").client == "29098-55004"
    assert "8123" not in rig.services.rules(rig.name).accounts


def test_all_connections_of_a_client_share_its_chart_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    other = second_connection(rig)
    assert "8123" not in other.services.rules(other.name).accounts
    imported(rig, TABLE)
    assert "8123" in other.services.rules(other.name).accounts


def test_another_process_sees_a_changed_chart_within_a_second(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    before = rig.services.rules(rig.name).fingerprint()
    monkeypatch.setattr(rig.services, "forget_client", lambda _client: None)
    imported(rig, TABLE)
    monkeypatch.setattr("mlconnector.flow.context.services._SETTINGS_ARE_GOOD_FOR", 0.0)
    assert rig.services.rules(rig.name).fingerprint() != before


def test_a_chart_that_a_connection_could_not_be_read_with_is_refused(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with pytest.raises(NeedsHuman) as refused:
        proposed(rig, "Konto;Bezeichnung;Funktion;Steuerfall\n8401;Verrechnung;S;\n")
    problem = refused.value.problem
    assert (problem.key, problem.facts["name"]) == ("chart_does_not_fit", rig.name)
    assert "8401" in problem.facts["reason"]


def test_a_proposal_is_outdated_when_the_chart_has_changed_since(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    early = proposed(rig, TABLE)
    imported(rig, "Konto;Bezeichnung\n0420;x\n")
    with pytest.raises(NeedsHuman, match="list_outdated"):
        own_chart.apply(rig.services, early, "erika", "konten.csv")


def test_an_import_is_told_in_the_audit_trail(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    imported(rig, TABLE)
    (event,) = [one for one in rig.story(rig.name) if one.event == "chart_imported"]
    assert (event.detail["by"], event.detail["file"]) == ("erika", "konten.csv")
    assert event.detail["new"][0] == ["0420", "Büroeinrichtung", "none", ""]
    assert rig.verdict().ok


class TestDatevsLabels:
    def test_name_accounts_and_leave_their_functions_as_they_are(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        imported(rig, TABLE)
        proposal = imported(rig, labels({"420": "Möbel", "8125": "EU", "8700": "Nachlass"}))
        assert ([one.number for one in proposal.new], proposal.gone) == (["8125", "8700"], ())
        known = rig.services.rules(rig.name).accounts
        assert (known["0420"].name, known["0420"].function) == ("Möbel", "none")
        assert (known["8125"].name, known["8125"].automatic, known["8125"].own) == ("EU", True, False)

    def test_of_accounts_that_nobody_knows_leave_the_function_open(self, make_rig: MakeRig) -> None:
        rig = make_rig(1)
        proposal = imported(rig, labels({"8123": "Neu"}))
        assert proposal.without_function == 1
        assert "8123" not in rig.services.rules(rig.name).accounts
        with pytest.raises(UnreadableSettings, match="does not say whether account 8123 is automatic"):
            rig.services.read(rig.text + ROW, "my.toml")

    @pytest.mark.parametrize(
        ("content", "key"),
        [
            (labels({"8400": "x"}, client=1), "other_client"),
            (labels({"84000": "x"}, length=5), "header_account_length"),
            (labels({"8400": "x"}, chart="04"), "other_chart"),
            (write(header(16), [{"Konto": "10000"}]).content, "other_category"),
            (b"EXTF;nothing", "file_unreadable"),
        ],
    )
    def test_of_somebody_else_are_refused(self, make_rig: MakeRig, content: bytes, key: str) -> None:
        assert [one.key for one in proposed(make_rig(1), content).faults] == [key]


def test_the_form_to_fill_in_changes_nothing_once_it_was_imported(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    form = own_chart.exported(rig.context)
    assert {"8400", "1200", "1776"} <= {one.number for one in form}
    rows = [";".join(one.content) for one in form]
    imported(rig, "\n".join(["Konto;Bezeichnung;Funktion;Steuerfall", *rows]))
    kept = own_chart.exported(rig.context)
    assert [one.content for one in kept] == [one.content for one in form]
