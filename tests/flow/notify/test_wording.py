"""What messages say, in both languages, and that nothing in them has a meaning that we did not give it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from mlconnector.flow.notify import wording
from mlconnector.flow.notify.matters import OCCASIONS, Matter, Occasion
from mlconnector.flow.notify.wording import Line, Message, markdown, message, page_of, plain, trial
from mlconnector.texts.language import Language
from mlconnector.web.console.screens import every_screen
from tests.texts.tables import table

HERE = "https://books.example.com/ml"
FACTS = {
    "approval_asked": {"wanted": "release", "batch": ""},
    "login_needed": {},
    "batch_rejected": {"file": "EXTF_b.csv", "part": "failed"},
    "token_ends": {"system": "pipedrive", "until": "2026-11-22T02:22:56+00:00", "days": "3"},
    "new_cause": {},
    "silent": {"source": "pipedrive", "since": "2026-11-22T02:22:56+00:00"},
    "month": {"month": "10/2026", "batches": "3", "vouchers": "1200", "rejected": "0"},
}
SAID = {
    "login_needed": "mine: Jemand muss sich neu anmelden.",
    "batch_rejected": "mine: DATEV hat den Stapel EXTF_b.csv nicht wie gesendet übernommen (abgelehnt).",
    "token_ends": "mine: Die Anmeldung bei Pipedrive gilt nur noch bis 22.11.2026 03:22 MEZ.",
    "new_cause": "mine: Belege warten aus einem neuen Grund: Bei … fehlt das Land.",
    "approval_asked": "mine: Beantragt ist, die Verbindung freizugeben. Eine zweite Person muss zustimmen;",
    "silent": "mine: Seit 22.11.2026 03:22 MEZ wurde Pipedrive nicht mehr bis zum Ende gelesen.",
    "month": "mine: 10/2026 in Zahlen: 3 Stapel mit 1.200 Belegen bereitgestellt, 0 abgelehnt.",
}


def matter(occasion: Occasion) -> Matter:
    return Matter(occasion, "mine", "country_missing" if occasion == "new_cause" else "b", FACTS[occasion])


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_each_occasion_has_its_sentence(occasion: Occasion) -> None:
    (line,) = message([matter(occasion)], "books", HERE, "de").lines
    assert line.text.startswith(SAID[occasion])
    english = message([matter(occasion)], "books", HERE, "en")
    assert english.lines[0].text != line.text
    assert "–" not in english.title + english.lines[0].text + line.text, "a fact is missing"


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_each_line_leads_to_a_page_that_there_is(occasion: Occasion) -> None:
    path = urlsplit(page_of(matter(occasion))).path
    assert ("GET", path) in {place for screen in every_screen() for place in screen.takes}


def test_no_text_of_messages_is_left_over() -> None:
    named = {*OCCASIONS, *(f"title_{one}" for one in OCCASIONS)}
    assert set(table("notices.toml")) - named == {"title_trial", "title_more", "more", "link", "trial", "end"}


@pytest.mark.parametrize(("language", "more"), [("de", " (und 1 weitere)"), ("en", " (and 1 more)")])
def test_the_title_says_the_most_urgent_and_how_much_more_there_is(language: Language, more: str) -> None:
    said = message([matter("login_needed"), matter("silent")], "books", HERE, language)
    assert said.title == table("notices.toml")["title_login_needed"][language] + more


def test_a_message_has_bounds() -> None:
    found = [matter("batch_rejected")] * (wording.MOST_LINES + 5)
    said = message(found, "books", HERE, "en")
    assert len(said.lines) == wording.MOST_LINES + 1
    assert said.lines[-1].text.startswith("And 5 more")


def test_plain_text_has_the_links_and_says_where_it_comes_from() -> None:
    text = plain(trial("books", HERE, "de"))
    assert f"  {HERE}/console/" in text
    assert f"Gesendet von ml-connector ({HERE}) an „books“." in text


def test_markup_has_no_meaning_but_that_of_our_links() -> None:
    hostile = "<at>all</at> [k](https://evil.example) *b* _i_ `c` <!channel> & ~s~ #h |"
    said = Message("title", (Line(hostile, "https://ours.example"),), "end", "Look")
    first = markdown(said).splitlines()[0]
    assert first == (
        r"- &lt;at&gt;all&lt;/at&gt; \[k\](https://evil.example) \*b\* \_i\_ \`c\` &lt;!channel&gt;"
        r" &amp; \~s\~ \#h \| [Look](https://ours.example)"
    )
