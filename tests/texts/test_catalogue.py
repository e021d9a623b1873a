from __future__ import annotations

import pytest

from mlconnector.model.problems import Problem
from mlconnector.texts.catalogue import (
    explain,
    explain_together,
    filled,
    page,
    people,
    problem_keys,
    step_cause,
    step_title,
    word,
)
from mlconnector.texts.language import Language

REVENUE = {
    "line": "Montage vor Ort",
    "product_code": "MONT",
    "product": "Montage",
    "category": "",
    "pipeline": "",
    "tax_case": "domestic_19",
}


def test_a_problem_says_what_happened_why_what_to_do_and_who_does_it() -> None:
    words = explain("revenue_account_missing", REVENUE, "en")
    assert words.what == "There is no revenue account for the line “Montage vor Ort”."
    assert "tax case “Domestic 19 %”" in words.why
    assert 'product_code = "MONT", product = "Montage", tax_case = "domestic_19"; and account' in words.do
    assert words.who == "You"


def test_a_cause_says_what_its_vouchers_have_in_common_and_dots_for_the_rest() -> None:
    other = REVENUE | {"line": "Aufmaß", "pipeline": "Projekte"}
    words = explain_together([Problem("revenue_account_missing", facts) for facts in (REVENUE, other)], "en")
    assert words.what == "There is no revenue account for the line “…”."
    assert "tax case “Domestic 19 %”" in words.why
    assert 'pipeline = "…"' in words.do
    alone = explain_together([Problem("revenue_account_missing", REVENUE)], "en")
    assert alone == explain("revenue_account_missing", REVENUE, "en")


def test_a_problem_is_explained_in_german_too() -> None:
    words = explain("revenue_account_missing", REVENUE, "de")
    assert words.what == "Für die Position „Montage vor Ort“ fehlt ein Erlöskonto."
    assert words.who == "Sie"


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_unknown_problem_shows_its_key_and_its_facts_instead_of_hiding_them(language: Language) -> None:
    words = explain("never_heard_of", {"invoice": "RE-1", "amount": "12.00"}, language)
    assert words.what == "never_heard_of"
    assert words.why == "invoice = RE-1, amount = 12.00"


@pytest.mark.parametrize("language", ["de", "en"])
def test_facts_may_be_missing_altogether(language: Language) -> None:
    for key in problem_keys():
        words = explain(key, {}, language)
        assert words.what
        assert "{" not in words.what + words.why + words.do


def test_what_datev_itself_said_follows_the_why() -> None:
    said = {
        "client": "29098-55003",
        "code": "#DCO01243",
        "title": "restapi.VirusInFileFoundFault",
        "request_id": "0a13eff2",
        "help": "https://apps.datev.de/knowledge/help/search?q=DCO01243",
        "elements": "",
    }
    why = explain("document_virus", said, "en").why
    assert why.startswith(
        "Every file is scanned there before it is filed. · DATEV: “restapi.VirusInFileFoundFault”"
    )
    assert "· code #DCO01243 · request id 0a13eff2" in why
    assert why.endswith("https://apps.datev.de/knowledge/help/search?q=DCO01243")
    assert "affected" not in why


def test_nothing_is_put_in_datevs_mouth_where_it_said_nothing() -> None:
    assert explain("document_virus", {}, "en").why == "Every file is scanned there before it is filed."


@pytest.mark.parametrize(
    ("template", "facts", "expected"),
    [
        ("Kunde {party}", {"party": "Musterholz"}, "Kunde Musterholz"),
        ("Kunde {party}", {}, "Kunde –"),
        ("Kunde {party}", {"party": ""}, "Kunde –"),
        ("Kunde {party}", {"party": "{line} GmbH"}, "Kunde {line} GmbH"),
        ("Beleg{number: Nr. „…“}.", {"number": "7"}, "Beleg Nr. „7“."),
        ("Beleg{number: Nr. „…“}.", {"number": ""}, "Beleg."),
        ("{region.word}", {"region": "eu"}, "EU-Ausland"),
        ("{region.word}", {"region": "elsewhere"}, "elsewhere"),
        ("{region.word:, …}", {"region": "eu"}, ", EU-Ausland"),
        ("{total.number} EUR", {"total": "-1234567.5"}, "-1.234.567,5 EUR"),
        ("{total.number} EUR", {"total": "unbekannt"}, "unbekannt EUR"),
        ("{size.size}", {"size": "22020096"}, "21,0 MB"),
        ("{size.size}", {"size": ""}, "–"),
        ("DATEV: {said}. Danach", {"said": "Nicht übertragen."}, "DATEV: Nicht übertragen. Danach"),
        ("DATEV: {said}. Danach", {"said": "Nicht übertragen"}, "DATEV: Nicht übertragen. Danach"),
        ("DATEV: {said}.", {"said": "Wirklich?"}, "DATEV: Wirklich?"),
        ("Kunde{party: …}.", {"party": "Holz & Co."}, "Kunde Holz & Co."),
        ("Kunde {party}, Ort", {"party": "Holz & Co."}, "Kunde Holz & Co., Ort"),
    ],
)
def test_facts_are_put_into_a_text(template: str, facts: dict[str, str], expected: str) -> None:
    assert filled(template, facts, "de") == expected


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert filled("{total.number}", {"total": "1234.50"}, "en") == "1,234.50"
    assert filled("{size.size}", {"size": "1572864"}, "en") == "1.5 MB"


def test_a_step_of_a_ping_has_a_title_and_a_cause_in_words() -> None:
    assert step_title("datev.client", "de") == "Mandant bei DATEV"
    cause = step_cause("account_length_differs", {"expected": "4", "found": "5"}, "en")
    assert cause.startswith("DATEV has accounts of 5 digits, the connection of 4.")


def test_a_cause_that_is_a_problem_is_explained_by_it() -> None:
    cause = step_cause("datev_client_unknown", {"client": "29098-55003"}, "en")
    assert cause.startswith("DATEV does not find the client 29098-55003.")
    assert "Ask your tax adviser" in cause


def test_an_unknown_step_or_cause_is_shown_as_it_is() -> None:
    assert step_title("cin7.stock", "de") == "cin7.stock"
    assert step_cause("out_of_paper", {"tray": "2"}, "de") == "out_of_paper (tray = 2)"
    assert step_cause("out_of_paper", {}, "de") == "out_of_paper"


def test_people_and_words_without_an_entry_are_shown_as_they_are() -> None:
    assert people("adviser", "de") == "Ihre Kanzlei"
    assert people("neighbour", "de") == "neighbour"
    assert word("state", "settled", "de") == "bereitgestellt"
    assert word("state", "somewhere", "de") == "somewhere"


def test_a_page_for_the_browser_has_a_title_and_a_sentence() -> None:
    title, sentence = page("login_done", {"connection": "north", "system": "datev"}, "de")
    assert title == "Angemeldet"
    assert "north ist jetzt bei DATEV angemeldet" in sentence
