"""The screen Zuordnung: confirmed, changed in place, imported once the difference was seen; its history."""

from __future__ import annotations

import html
import re
import tomllib
from datetime import date
from typing import Any

import msgspec
import pytest

from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.agree import confirmation
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.model.entries import Because, encode
from mlconnector.model.problems import Problem
from mlconnector.standins.base import Options
from mlconnector.standins.cin7 import Cin7StandIn
from mlconnector.store import accounts, audit
from tests.conformance.doors import served
from tests.flow.cin7_rig import without_mapping
from tests.mapping.builders import document
from tests.web import records
from tests.web.console.rig import HOSTILE, Visitor, visitor
from tests.web.rig import NAME, NOWHERE, Rig

CHART = "number;name;function;tax_case\n8400;Erlöse 19 %;automatic;domestic_19\n8401;Erlöse;none;\n"


@pytest.fixture
def connected(rig: Rig) -> Rig:
    rig.connect()
    with rig.application.database.write() as db:
        db.exec_driver_sql("delete from confirmations")
    rig.application.services.forget(NAME)
    return rig


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None, page
    return found[1]


def latest(rig: Rig, name: str = NAME) -> audit.AuditRow:
    with rig.application.database.read() as db:
        return audit.story(db, [name])[-1]


def uploaded(somebody: Visitor, path: str, content: str, **fields: object) -> str:
    """The page that shows the difference of a file."""
    files = {"file": ("liste.csv", content.encode(), "text/csv")}
    return somebody.done(path, connection=NAME, files=files, **fields)


def test_with_one_connection_nobody_has_to_choose_it(connected: Rig) -> None:
    answer = visitor(connected).get("mapping")
    assert answer.headers["location"] == f"/console/mapping?connection={NAME}"


def test_what_was_ticked_is_confirmed_and_who_entered_it_is_noted(connected: Rig) -> None:
    adviser = visitor(connected, "adviser")
    page = adviser.page(f"mapping?connection={NAME}")
    wanted = re.findall(r'name="seed" value="([\w:]+)"', page)
    page = adviser.done("mapping/confirm", connection=NAME, seed=wanted[:1], by="Frau Muster")
    assert "Bestätigt von Frau Muster: 1" in page
    row = latest(connected)
    told = (row.event, row.detail["by"], row.detail["noted_by"])
    assert told == ("confirmed", "Frau Muster", "adviser@example.com")
    assert len(confirmation.unconfirmed(connected.application.context(NAME))) == len(wanted) - 1
    history = adviser.page(f"mapping/history?connection={NAME}&kind=confirmed&about={wanted[0]}")
    assert "Frau Muster" in history
    assert "eingetragen: adviser@example.com" in history
    other = adviser.page(f"mapping/history?connection={NAME}&kind=confirmed&about={wanted[1]}")
    assert "Frau Muster" not in other
    assert "Steuerkanzlei Beispiel" in other
    nothing = adviser.page(f"mapping/history?connection={NAME}&kind=confirmed&about=account:1")
    assert "Davon weiß die Prüfspur nichts" in nothing


def test_what_waits_for_a_confirmation_comes_first(connected: Rig) -> None:
    context = connected.application.context(NAME)
    names = [one.seed.name for one in confirmation.seed_states(context)]
    confirmation.confirm(context, "A", names[:-1], noted_by="A")
    page = visitor(connected).page(f"mapping?connection={NAME}")
    body = page.split("<tbody>")[1]
    assert body.index(f'value="{names[-1]}"') < body.index("✓")
    assert body.count('name="seed"') == 1


def test_the_first_open_day_is_named_with_a_reason(connected: Rig) -> None:
    adviser = visitor(connected, "adviser")
    given = {"connection": NAME, "day": "2026-02-01"}
    assert adviser.post("mapping/open-from", **given, reason="").status_code == 409
    page = adviser.done("mapping/open-from", **given, reason="Januar ist gemeldet")
    assert "Offen ab 01.02.2026." in page
    assert "adviser@example.com: Januar ist gemeldet" in page
    assert adviser.post("mapping/open-from", connection=NAME, day="x", reason="y").status_code == 409


def test_a_row_is_changed_in_place_once_its_difference_was_seen(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    page = keeper.page(f"mapping/rows?connection={NAME}&table=revenue&wanted=Holz")
    assert "Warengruppe = Holz" in page
    chosen = {"account": "8401", "tax_case": "domestic_19"}
    row = {"connection": NAME, "table": "revenue", "number": "1", **chosen}
    before = connected.application.context(NAME).settings
    answer = keeper.post("mapping/row", **row)
    assert answer.headers["location"] == f"/console/mapping/apply?connection={NAME}", answer.text
    page = keeper.page(f"mapping/apply?connection={NAME}")
    assert "account = &#34;8401&#34;" in page
    page = keeper.done("mapping/apply", connection=NAME, seen=seen(page))
    assert "ist übernommen" in page
    after = connected.application.context(NAME).settings
    changed = tomllib.loads(before.text)
    changed["mapping"]["revenue"][0] |= chosen
    assert tomllib.loads(after.text) == changed
    kept = [line for line in before.text.splitlines() if line.startswith("#")]
    assert [line for line in after.text.splitlines() if line.startswith("#")] == kept
    told = (latest(connected).event, latest(connected).detail["by"])
    assert told == ("settings_changed", "bookkeeper@example.com")
    assert "8401" in keeper.page(f"mapping/history?connection={NAME}&kind=rows&about=8401")


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"table": "revenue", "fact": "category", "value": HOSTILE[0], "account": "8400"}, HOSTILE[0]),
        ({"table": "expense", "other": "cost_code", "value": 'a"b', "account": "3400"}, 'cost_code'),
        ({"table": "cost_centre_1", "value": "400 Neu", "account": "400"}, "400 Neu"),
        ({"table": "payments", "other": "payment_method", "value": "Bank", "account": "1200"}, "Bank"),
    ],
)  # fmt: skip
def test_a_row_is_added(connected: Rig, fields: dict[str, str], line: str) -> None:
    keeper = visitor(connected)
    answer = keeper.post("mapping/row", connection=NAME, **fields)
    assert answer.status_code == 303, answer.text
    page = keeper.page(f"mapping/apply?connection={NAME}")
    assert line.replace("<", "&lt;").replace(">", "&gt;") in page
    assert "<script>" not in page
    keeper.done("mapping/apply", connection=NAME, seen=seen(page))
    mapping = tomllib.loads(connected.application.context(NAME).settings.text)["mapping"]
    assert fields["value"] in str(mapping[fields["table"]]).replace("\\", "")


def applied(somebody: Visitor, rig: Rig) -> dict[str, Any]:
    """Apply the change that was begun, and tell the mapping that comes of it."""
    page = somebody.page(f"mapping/apply?connection={NAME}")
    somebody.done("mapping/apply", connection=NAME, seen=seen(page))
    made: dict[str, Any] = tomllib.loads(rig.application.context(NAME).settings.text)["mapping"]
    return made


def test_a_row_is_changed_from_a_day_on_and_stays_as_it_was_before(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    form = keeper.page(f"mapping/row?connection={NAME}&table=revenue&number=1")
    assert "Ab wann gilt das?" in form
    assert "Es zählt das Belegdatum" in form
    fields = {"connection": NAME, "table": "revenue", "number": "1", "account": "8401"}
    before = tomllib.loads(connected.application.context(NAME).settings.text)["mapping"]["revenue"]
    keeper.post("mapping/row", **fields, tax_case="domestic_19", valid_from="2026-07-01", how="follows")
    after = applied(keeper, connected)["revenue"]
    new = {"account": "8401", "tax_case": "domestic_19", "valid_from": date(2026, 7, 1)}
    assert after == [*before, {**before[0], **new}]
    page = keeper.page(f"mapping/rows?connection={NAME}&table=revenue&wanted=8401")
    assert "01.07.2026" in page


def test_a_change_without_another_day_changes_the_row_itself(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    row = {"connection": NAME, "table": "revenue", "number": "1", "how": "follows"}
    keeper.post("mapping/row", **row, account="8200", valid_from="2026-07-01")
    last = str(len(applied(keeper, connected)["revenue"]))
    keeper.post("mapping/row", **{**row, "number": last}, account="8400", valid_from="2026-07-01")
    after = applied(keeper, connected)["revenue"]
    assert len(after) == int(last)
    assert (after[-1]["account"], after[-1]["valid_from"]) == ("8400", date(2026, 7, 1))
    form = keeper.page(f"mapping/row?connection={NAME}&table=revenue&number={last}")
    assert 'value="2026-07-01"' in form
    keeper.post(
        "mapping/row", **{**row, "number": last, "how": "itself"}, account="8400", valid_from="2026-06-01"
    )
    assert applied(keeper, connected)["revenue"][-1]["valid_from"] == date(2026, 6, 1)
    twice = keeper.post("mapping/row", **row, account="8200", valid_from="2026-06-01")
    assert "vom selben Tag an dieselben Merkmale" in html.unescape(twice.text)


def test_a_new_row_may_begin_on_a_day_which_has_to_be_one(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    fields = {"connection": NAME, "table": "revenue", "fact": "category", "value": "Neu", "account": "8400"}
    assert keeper.post("mapping/row", **fields, valid_from="bald").status_code == 409
    keeper.post("mapping/row", **fields, valid_from="2026-07-01")
    assert applied(keeper, connected)["revenue"][-1]["valid_from"] == date(2026, 7, 1)
    taken = keeper.get(f"mapping/rows?connection={NAME}&wanted=Neu&as=csv").content.decode("utf-8-sig")
    assert taken.splitlines()[0].startswith("Tabelle;Wenn;Konto;Steuerfall;Gilt ab")
    assert "Warengruppe = Neu;8400;" in taken
    assert "01.07.2026" in taken


def test_the_history_of_a_row_tells_of_all_that_follow_each_other(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    row = {"connection": NAME, "table": "revenue", "number": "1"}
    keeper.post("mapping/row", **row, account="8200")
    applied(keeper, connected)
    keeper.post("mapping/row", **row, account="8300", valid_from="2026-07-01")
    applied(keeper, connected)
    keeper.post("mapping/row", **{**row, "number": "2"}, account="8400")
    applied(keeper, connected)
    page = keeper.page(f"mapping/rows?connection={NAME}&table=revenue&wanted=Holz")
    address = html.unescape(re.search(r'href="/console/(mapping/history[^"]*)"', page)[1])  # type: ignore[index]
    told = html.unescape(keeper.page(address))
    first, second = told.index("+ valid_from = 2026-07-01"), told.index('+ account = "8200"')
    assert first < second, "the latest comes first"
    assert '+ category = "Holz"' in told
    assert "8400" not in told
    assert told.count('<th scope="row">') == 3, "what changes other rows is left out"
    assert "bookkeeper@example.com" in told


def test_what_waits_for_a_row_to_begin_leads_to_its_form(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    keeper.post(
        "mapping/row", connection=NAME, table="revenue", number="1", valid_from="2026-07-01", how="itself"
    )
    applied(keeper, connected)
    facts = {
        "table": "mapping.revenue",
        "row": "1",
        "valid_from": "2026-07-01",
        "line": "Holz",
        "day": "2026-06-30",
    }
    records.add_voucher(
        connected, "R-1", "needs_human", Problem("row_not_begun", facts, ("table", "row", "valid_from"))
    )
    address = f"mapping/row?connection={NAME}&table=revenue&number=1"
    assert address in html.unescape(keeper.page(f"mapping/rows?connection={NAME}"))
    page = html.unescape(keeper.page("exceptions"))
    assert address in page
    assert "in den Einstellungen der Verbindung bei der Zeile 1" in page
    keeper.post(
        "mapping/row", connection=NAME, table="revenue", number="1", valid_from="2026-08-01", how="itself"
    )
    applied(keeper, connected)
    assert address not in html.unescape(keeper.page("exceptions")), "the row is another one by now"


def test_a_row_says_how_many_vouchers_it_has_booked_and_unused_ones_are_found(connected: Rig) -> None:
    rows = connected.application.context(NAME).rules.mapping.revenue
    facts = {"table": "mapping.revenue", "row": "2", "row_name": rows[1].name}
    reason = Because("account", "8300", "row", facts, line=1)
    centre = {"table": "mapping.cost_centre_1", "attribute": "cost_centre", "given": "220 Montage"}
    because = (reason, Because("cost_centre_1", "220", "by_attribute", centre))
    booked = encode(msgspec.structs.replace(document(), because=because)).decode()
    for number in range(3):
        key = records.add_voucher(connected, f"R-{number}", "batched")
        records.add_batch(connected, f"b{number}", "succeeded", key, booked)
    somebody = visitor(connected, "auditor")
    taken = somebody.get(f"mapping/rows?connection={NAME}&as=csv").content.decode("utf-8-sig").splitlines()
    assert taken[0].endswith(";Gebuchte Belege")
    used = {line.split(";")[1]: line.rpartition(";")[2] for line in taken[1:]}
    assert (used["Warengruppe = Bücher 7 %"], used["Kostenstelle = 220 Montage"]) == ("3", "3")
    assert set(used.values()) == {"3", "0"}
    page = somebody.page(f"mapping/rows?connection={NAME}&use=unused")
    assert "Warengruppe = Bücher" not in page
    assert "Warengruppe = Holz" in page
    assert page.count(">unbenutzt</span>") == page.count('<th scope="row">')
    page = somebody.page(f"mapping/rows?connection={NAME}&use=used")
    assert page.count('<th scope="row">') == 2
    page = somebody.page(f"mapping/rows?connection={NAME}&order=most")
    assert page.index("Warengruppe = Bücher") < page.index("Warengruppe = Holz")
    page = somebody.page(f"mapping/rows?connection={NAME}&order=least")
    assert page.index("Warengruppe = Lizenz") < page.index("Warengruppe = Bücher")


def test_a_row_that_will_not_do_is_refused_in_words_and_kept_nowhere(connected: Rig) -> None:
    keeper = visitor(connected)
    answer = keeper.post("mapping/row", connection=NAME, table="revenue", number="4", account="x")
    assert "So geht die Zuordnung nicht" in answer.text
    assert keeper.get(f"mapping/apply?connection={NAME}").status_code == 303
    gone = keeper.post("mapping/row", connection=NAME, table="revenue", number="99", account="8400")
    assert gone.status_code == 409


def test_a_chart_is_imported_once_its_difference_was_seen(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    assert "keinen eigenen Kontenplan" in keeper.page(f"mapping/chart?connection={NAME}")
    page = uploaded(keeper, "mapping/chart/upload", CHART)
    assert "Neue Konten (2)" in page
    assert "liste.csv" in page
    with connected.application.database.read() as db:
        assert not db.exec_driver_sql("select count(*) from chart_accounts").scalar()
    page = keeper.done("mapping/chart/apply", connection=NAME, seen=seen(page))
    assert "er hat jetzt Konten: 2" in page
    row = latest(connected)
    told = (row.event, row.detail["by"], row.detail["file"])
    assert told == ("chart_imported", "bookkeeper@example.com", "liste.csv")
    assert "bookkeeper" in keeper.page(f"mapping/history?connection={NAME}&kind=chart&about=8401")
    assert "Es gibt keinen Unterschied" in uploaded(keeper, "mapping/chart/upload", CHART)
    taken = keeper.get(f"mapping/chart?connection={NAME}&as=csv")
    assert "8401;Erlöse" in taken.content.decode("utf-8-sig")


def test_a_list_with_faults_says_their_lines_and_is_not_kept(connected: Rig) -> None:
    files = {"file": ("liste.csv", b"number;name\nx;y\n", "text/csv")}
    for path, more in (("chart", {}), ("numbers", {"persons": "debtors"})):
        answer = visitor(connected, name=f"{path}@example.com").post(
            f"mapping/{path}/upload", connection=NAME, files=files, **more
        )
        assert answer.status_code == 409
        assert "Zeile 2:" in answer.text


def test_numbers_are_imported_and_those_that_nobody_has_come_first(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    content = "number;name;party\n10001;Älter;organization/1\n10002;Neu;\n"
    page = uploaded(keeper, "mapping/numbers/upload", content, persons="debtors")
    assert "Werden reserviert, bis jemand zugeordnet ist (1)" in page
    page = keeper.done("mapping/numbers/apply", connection=NAME, kind="debtors", seen=seen(page))
    body = page.split("<tbody>")[1]
    assert body.index("10002") < body.index("10001")
    assert "noch niemand" in body
    searched = keeper.page(f"mapping/numbers?connection={NAME}&wanted=%C3%84lter")
    assert "10001" in searched
    assert "10002" not in searched
    assert "1–1 von 1" in searched
    confirmed = keeper.page(f"mapping/numbers/unbind?connection={NAME}&number=10001")
    assert "Nummer zurücknehmen" in confirmed
    keeper.done("mapping/numbers/unbind", connection=NAME, number="10001", reason="verwechselt")
    history = keeper.page(f"mapping/history?connection={NAME}&kind=numbers&about=10001")
    assert "verwechselt" in history
    assert keeper.get(f"mapping/numbers/bind?connection={NAME}&party=nobody&number=10001").status_code >= 404


def test_numbers_are_turned_over_in_the_database(connected: Rig) -> None:
    with connected.application.database.write() as db:
        client = connected.application.context(NAME).client
        new = {f"organization/{n}": str(10000 + n) for n in range(120)}
        names = {party: HOSTILE[int(number) % 5] for party, number in new.items()}
        now = connected.clock()
        accounts.give(db, client, NAME, new, names, now, ledger="receivable", origin="source")
    page = visitor(connected).page(f"mapping/numbers?connection={NAME}&page=3")
    assert "101–120 von 120" in page
    assert page.count('<th scope="row">') == 20
    assert "<script>" not in page


def test_words_of_the_source_are_asked_for_and_mapped(rig: Rig) -> None:
    with served(Cin7StandIn(Options(records=1)).app) as url:
        text = without_mapping(connection_text("cin7", Scene({"cin7": url, "datev": NOWHERE})))
        tables = tomllib.loads(secrets_text("cin7"))
        given = {f"{system}.{name}": value for system, some in tables.items() for name, value in some.items()}
        setup.connect(rig.application.services, read_connection(text, "test"), given)
        keeper, name = visitor(rig, "bookkeeper"), "demo-cin7"
        assert "noch nicht gefragt" in keeper.page(f"mapping/words?connection={name}")
        page = keeper.done("mapping/words/ask", connection=name)
        assert "Die Quelle hat genannt" in page
        row = next(
            one for one in page.split("<tr>") if 'name="tax_case" aria-label' in one and "offen" in one
        )
        value = re.search(r'name="value" value="([^"]+)"', row)
        case = re.search(r'<option value="(\w+)"', row)
        called = re.search(r'name="called" value="([^"]+)"', row)
        assert value
        assert case
        assert called
        chosen = {"called": called[1], "value": value[1], "tax_case": case[1]}
        empty = dict.fromkeys(("account", "automatic", "cost_centre", "valid_from"), "")
        answer = keeper.post("mapping/words/choose", connection=name, **chosen, **empty)
        assert answer.headers.get("location") == f"/console/mapping/apply?connection={name}", answer.text
        page = keeper.page(f"mapping/apply?connection={name}")
        keeper.done("mapping/apply", connection=name, seen=seen(page))
        page = keeper.page(f"mapping/words?connection={name}&standing=mapped")
        assert value[1] in page
        wrong = keeper.post("mapping/words/choose", connection=name, **{**chosen, "tax_case": "x"}, **empty)
        assert wrong.status_code == 409
        assert "Zeile 1:" in wrong.text


def test_what_no_row_fits_stands_first_and_leads_to_the_form_filled_in(rig: Rig) -> None:
    rig.connect()
    records.add_voucher(rig, "R-1", "needs_human", records.MISSING)
    records.add_voucher(rig, "R-2", "needs_human", records.MISSING)
    somebody = visitor(rig, "bookkeeper")
    page = somebody.page(f"mapping/rows?connection={NAME}")
    address = html.unescape(re.search(r'href="/console/(mapping/row\?[^"]*value=MONT[^"]*)"', page)[1])  # type: ignore[index]
    assert page.index("value=MONT") < page.index("Zeilen der Zuordnung")
    form = somebody.page(address)
    assert 'value="MONT"' in form
    assert '<option value="product_code" selected>' in form
    assert '<option value="domestic_19" selected>' in form
    assert address in html.unescape(somebody.page("exceptions"))
    assert "mapping/row?" not in visitor(rig, "auditor").page("exceptions")
