"""The screen Ausnahmen: causes as the inbox has them, and each cure in its place, by whoever is logged in."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

from mlconnector.flow.report import waiting
from mlconnector.model.problems import Problem
from mlconnector.store import audit, vouchers
from mlconnector.store.vouchers import VoucherRow
from tests.web import records
from tests.web.console.rig import HOSTILE, Visitor, fill, visitor
from tests.web.rig import NAME, Rig

OF_MISSING = {"connection": NAME, "cause": records.MISSING.cause}
ALIKE = Problem(
    "document_looks_booked",
    {"number": "R-9", "like": "same", "other": "key-R-8", "other_number": "R-8", "total": "119.00"},
    ("other",),
)


def add(rig: Rig, number: str, amount: str = "119.00", customer: str = "Muster GmbH", **more: Problem) -> str:
    content = {"party": {"name": customer}, "currency": "EUR", "stated_total": amount}
    problem = more.get("problem", records.MISSING)
    return records.add_voucher(rig, number, "needs_human", problem, json.dumps(content))


def row(rig: Rig, key: str) -> VoucherRow:
    with rig.application.database.read() as db:
        return vouchers.by_ids(db, [key])[key]


def told(rig: Rig, key: str) -> tuple[str, str, str]:
    """The last event of a voucher: what, who, and with which reason."""
    with rig.application.database.read() as db:
        last = list(audit.story(db, [key]))[-1]
    return last.event, last.detail.get("by", ""), last.detail.get("reason", "")


def confirmed(somebody: Visitor, ask: str, do: str, reason: str = "", **fields: object) -> str:
    """Ask first, and then press the button of the page that asks; returns both pages."""
    asking = somebody.post(f"exceptions/{ask}", **fields)
    assert asking.status_code == 200, asking.text
    carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asking.text))
    sent = {name: html.unescape(value) for name, value in carried.items()} | {"reason": reason}
    return asking.text + somebody.done(f"exceptions/{do}", **sent)


def test_causes_are_those_of_the_inbox_with_its_words_and_counts(rig: Rig) -> None:
    fill(rig)
    add(rig, "R-9", problem=ALIKE)
    page = html.unescape(visitor(rig, "auditor").page("exceptions"))
    for one in waiting.causes(rig.application.services, language="de"):
        assert f"{one['count']} × {one['what']}" in page
        assert one["who"] in page
    assert "Alle 5 erneut versuchen" not in page
    assert "ml-connector replay" not in page
    assert "„Erneut versuchen“" in page


def test_an_empty_installation_says_what_would_be_here(rig: Rig) -> None:
    somebody = visitor(rig)
    assert "Kein Beleg wartet auf eine Entscheidung." in somebody.page("exceptions")
    assert "Es gibt keine." in somebody.page("exceptions/aside")
    assert "Dafür wartet kein Beleg mehr" in somebody.page("exceptions/cause?cause=x&connection=y")


def test_hostile_names_stand_there_as_they_are(rig: Rig) -> None:
    fill(rig)
    page = visitor(rig).page(f"exceptions/cause?{urlencode(OF_MISSING)}")
    assert all(f"<bdi>{html.escape(name).replace('&#x27;', '&#39;')}" in page for name in HOSTILE[:2])
    assert "<script>" not in page


def test_one_fix_lets_all_of_a_cause_go_on(rig: Rig) -> None:
    rig.connect()
    keys = [add(rig, f"R-{number}") for number in range(12)]
    somebody = visitor(rig, "bookkeeper")
    assert "Alle 12 erneut versuchen" in somebody.page("exceptions")
    page = somebody.done("exceptions/replay", **OF_MISSING, cause_as_a_whole="1")
    assert "liest und entscheidet: 12" in page
    assert "noch nicht wieder gelesen: 12" in page
    assert {row(rig, key).state for key in keys} == {"received"}
    assert told(rig, keys[0])[:2] == ("replayed", "bookkeeper@example.com")
    somebody.done("runs/begin", connection=NAME)
    assert rig.work.asked == [("start_run", NAME, "user bookkeeper@example.com")]


def test_what_is_ticked_is_left_out_with_a_reason_after_a_page_that_adds_it_up(rig: Rig) -> None:
    rig.connect()
    one, two, three = (
        add(rig, f"R-{number}", amount) for number, amount in ((1, "100"), (2, "-30.5"), (3, "7"))
    )
    page = confirmed(visitor(rig), "ask-ignore", "ignore", "Test", voucher=[one, two], **OF_MISSING)
    assert "69,50\xa0EUR" in page
    assert "R-1, R-2" in page
    assert "Ausgelassene Belege: 2" in page
    assert [row(rig, key).state for key in (one, two, three)] == ["ignored", "ignored", "needs_human"]
    assert told(rig, one) == ("ignored", "admin@example.com", "Test")


def test_all_of_a_search_are_meant_and_not_only_those_of_the_page(rig: Rig) -> None:
    rig.connect()
    keys = [add(rig, f"R-{number}", customer="Muster" if number < 60 else "Andere") for number in range(62)]
    somebody = visitor(rig)
    search = {**OF_MISSING, "customer": "muster"}
    assert "alle 60 dieser Auswahl" in somebody.page(f"exceptions/cause?{urlencode(search)}")
    given = {**search, "everything": "1", "voucher": keys[0]}
    page = confirmed(somebody, "ask-booked-by-hand", "booked-by-hand", "in DATEV", **given)
    assert "7.140,00\xa0EUR" in page
    assert "vermerkte Belege: 60" in page
    assert [row(rig, key).state for key in keys[58:]] == ["booked_by_hand"] * 2 + ["needs_human"] * 2


def test_what_changed_since_the_question_is_asked_again(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    somebody = visitor(rig)
    sent = {**OF_MISSING, "everything": "1", "seal": "of other vouchers", "reason": "x"}
    answer = somebody.post("exceptions/ignore", **sent)
    assert answer.status_code == 200
    assert "sind es andere Belege" in answer.text
    assert row(rig, "key-R-1").state == "needs_human"


def test_a_reason_has_to_be_given_and_something_chosen(rig: Rig) -> None:
    rig.connect()
    key, somebody = add(rig, "R-1"), visitor(rig)
    assert "Es ist kein Beleg ausgewählt." in somebody.post("exceptions/replay", **OF_MISSING).text
    asking = somebody.post("exceptions/ask-ignore", **OF_MISSING, voucher=key).text
    seal = re.findall(r'name="seal" value="(\w+)"', asking)[0]
    answer = somebody.post("exceptions/ignore", **OF_MISSING, voucher=key, seal=seal, reason=" ")
    assert (answer.status_code, "Der Grund fehlt." in answer.text) == (409, True)


def test_what_was_booked_by_hand_never_goes_on_by_itself(rig: Rig) -> None:
    rig.connect()
    key, other = records.add_voucher(rig, "R-1", "booked_by_hand", records.MISSING), add(rig, "R-2")
    somebody = visitor(rig)
    assert "von Hand gebucht" in somebody.page(f"exceptions/cause?{urlencode(OF_MISSING)}")
    assert somebody.post("exceptions/replay", **OF_MISSING, voucher=key).status_code == 409
    somebody.done("exceptions/replay", **OF_MISSING, voucher=[key, other])
    assert [row(rig, one).state for one in (key, other)] == ["booked_by_hand", "received"]


def test_what_was_left_out_is_listed_with_reason_and_person_and_taken_back(rig: Rig) -> None:
    rig.connect()
    key, somebody = add(rig, "R-1"), visitor(rig, "bookkeeper")
    confirmed(somebody, "ask-booked-by-hand", "booked-by-hand", "am 2. Juli", voucher=key, **OF_MISSING)
    page = somebody.page("exceptions/aside?state=booked_by_hand&text=muster")
    assert all(text in page for text in ("R-1", "am 2. Juli", "bookkeeper@example.com", "119,00"))
    assert "R-1" not in somebody.page("exceptions/aside?state=ignored")
    page = confirmed(somebody, "ask-take-back", "take-back", voucher=key, state="booked_by_hand")
    assert "nehmen Sie die Buchung dort zuerst zurück" in page
    assert (row(rig, key).state, told(rig, key)[0]) == ("received", "taken_back")


def test_what_looks_booked_is_said_to_be_another_document(rig: Rig) -> None:
    rig.connect()
    records.add_voucher(rig, "R-8", "settled")
    key, somebody = add(rig, "R-9", problem=ALIKE), visitor(rig)
    of_alike = {"connection": NAME, "cause": ALIKE.cause}
    assert "Angehakte sind eigene Belege" in somebody.page(f"exceptions/cause?{urlencode(of_alike)}")
    assert "Angehakte sind eigene" not in somebody.page(f"exceptions/cause?{urlencode(OF_MISSING)}")
    confirmed(somebody, "ask-distinct", "distinct", "zwei Lieferungen", voucher=key, **of_alike)
    assert told(rig, key) == ("told_apart", "admin@example.com", "zwei Lieferungen")
    page = somebody.page("exceptions/told-apart")
    assert all(text in page for text in ("R-9", "R-8", "zwei Lieferungen", "admin@example.com"))
    page = confirmed(somebody, "ask-withdraw", "withdraw", "doch dieselbe", voucher=key)
    assert "neu entschieden werden: 1" in page
    assert told(rig, key) == ("not_told_apart", "admin@example.com", "doch dieselbe")
    assert "Es gibt keine." in somebody.page("exceptions/told-apart")


def test_a_number_is_bound_after_a_look_at_whose_it_is(rig: Rig) -> None:
    rig.connect()
    facts = {"party": "Muster GmbH", "party_id": "organization/7", "number": "10042", "owner": "list"}
    taken = Problem("debtor_number_taken", facts, ("party_id", "number"))
    party = {"external_id": "organization/7", "name": "Muster GmbH", "city": "Kiel"}
    content = {
        "kind": "invoice",
        "external_id": "x-R-1",
        "number": "R-1",
        "title": "",
        "currency": "EUR",
        "document_date": "2026-02-27",
        "party": party,
        "direction": "sale",
        "lines": [],
    }
    records.add_voucher(rig, "R-1", "needs_human", taken, json.dumps(content, separators=(",", ":")))
    somebody = visitor(rig)
    of_taken = {"connection": NAME, "cause": taken.cause}
    assert 'value="10042"' in somebody.page(f"exceptions/cause?{urlencode(of_taken)}")
    given = {**of_taken, "party": "organization/7", "number": "10042"}
    page = confirmed(somebody, "ask-bind", "bind", **given)
    assert "Kiel" in page
    assert "hat jetzt die Nummer 10042" in page


def test_what_waits_is_searched(rig: Rig) -> None:
    rig.connect()
    for number, amount in (("R-1", "100"), ("R-2", "119"), ("R-3", "500")):
        add(rig, number, amount)
    somebody = visitor(rig)
    searches = {
        "key=revenue_account_missing": 3,
        "key=country_missing": 0,
        "text=R-2": 1,
        "kind=payment": 0,
        "period=2026-02": 3,
        "amount=100..120": 2,
        "amount=x": 0,
    }
    for search, count in searches.items():
        page = somebody.page(f"exceptions?{search}")
        assert (f"Belege, die warten: {count}." in page) == (count > 0), search
        assert ("Das ist kein Betrag." in page) == (search == "amount=x")
        taken = somebody.get(f"exceptions?{search}&as=csv").text
        assert len(taken.splitlines()) == count + 1, search


def test_a_list_goes_along_with_causes_in_words_and_no_formula(rig: Rig) -> None:
    fill(rig)
    taken = visitor(rig, "auditor").get("exceptions?as=csv").text
    assert "mapping." not in taken
    assert "„Zuordnung › Erlöse“" in taken.replace('""', '"')
    assert "'=cmd|" in taken
    assert taken.count("Erlöskonto") >= len(HOSTILE)


def test_causes_of_one_kind_stand_together_under_what_they_have_in_common(rig: Rig) -> None:
    rig.connect()
    for number, party in enumerate(("Muster", "Beispiel", "Probe"), 1):
        missing = Problem("country_missing", {"party": party, "party_id": f"x/{number}"}, ("party_id",))
        records.add_voucher(rig, f"L-{number}", "needs_human", missing)
    add(rig, "R-1")
    add(rig, "R-2")
    page = visitor(rig, "auditor").page("exceptions")
    above = page.index("Belege: 3")
    assert above < page.index("Bei Muster fehlt das Land.") < page.index("Erlöskonto", above)
    assert page.count("Belege: ") == 1, "what stands alone needs nothing above it"
    order = re.findall(r"<(h[23]) id=\"cause-", page)
    assert order == ["h3", "h3", "h3", "h2"]
