"""The screen Übersicht: what to do, a card for each connection, counts along a voucher's way, four charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.responses import Response

from mlconnector.app import Application
from mlconnector.flow.notify import places
from mlconnector.flow.report import attention, charts, overview
from mlconnector.model.euro import EURO
from mlconnector.store import connections, figures
from mlconnector.texts import notation
from mlconnector.texts.catalogue import explain, sentence, word
from mlconnector.texts.language import Language
from mlconnector.web.console.charts import Chart, columns_chart
from mlconnector.web.console.pages import Fact, Say, Written
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.tones import Tone, tone
from mlconnector.web.console.visits import At

SCREEN = Screen("overview", order=10, verb="see", path="")
WAY = (
    *("received", "bookable", "needs_human", "batched", "sent"),
    *("settled", "rejected", "ignored", "booked_by_hand"),
)
_CAUSES = _CASES = 10
# The page that shows what somebody has to see to, of a connection.
LEADS_TO: Mapping[attention.Kind, str] = {
    "login_needed": "connections/connection",
    "degraded": "check/result",
    "release_asked": "preview/release",
    "resend_asked": "batches",
    "not_released": "preview/release",
    "problems": "exceptions",
    "persons_waiting": "mapping/numbers",
    "persons_failed": "mapping/numbers",
    "out_of_reach": "check/result",
    "run_interrupted": "runs",
    "run_ended_early": "runs",
    "batch_stuck": "batches",
}
_URGENCY = {kind: number for number, kind in enumerate(get_args(attention.Kind))}


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something to do, in a sentence, and the page that leads on."""

    connection: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Card:
    """A connection: its page, its state in a tone and a word, and what is known of it."""

    name: str
    address: str
    tone: Tone
    state: str
    facts: tuple[Fact, ...]


@SCREEN.page()
def home(at: At) -> Response:
    """What to do, how the connections stand, and what became of everything."""
    return at.shown("overview.html", **_told(at.app, at.language, at.say))


def _told(app: Application, language: Language, say: Say) -> dict[str, Any]:
    with app.database.read() as db:
        names = [row.name for row in connections.every(db)]
        hints = {name: figures.latest_hint(db, name) for name in names}
    report = {name: overview.connection(app.context(name), language, first_vouchers=0) for name in names}
    found = [each for one in report.values() for each in attention.wanted(one)]
    wanted = sorted(found, key=lambda each: _URGENCY[each.kind])
    counts = Counter[str]()
    for one in report.values():
        counts.update(one["vouchers"])
    return {
        "mute": [
            (one, explain(one.failure.key, one.failure.facts, language))
            for one in places.failing(app.services)
            if one.failure is not None
        ],
        "to_dos": [_to_do(each, say, language) for each in wanted],
        "cards": [_card(one, hints[name], say, language) for name, one in report.items()],
        "way": [(word("state", state, language), Written(language).count(counts[state])) for state in WAY],
        "charts": [
            _by_day(app, say, language),
            _by_cause(report, say, language),
            _by_case(app, say, language),
            _by_age(app, say, language),
        ],
    }


def _to_do(one: attention.Attention, say: Say, language: Language) -> ToDo:
    facts = dict(one.facts)
    if "system" in facts:
        facts["system"] = word("system", facts["system"], language)
    text = say(f"todo_{one.kind}", **facts)
    address = f"/console/{LEADS_TO[one.kind]}?{urlencode({'connection': one.connection})}"
    return ToDo(one.connection, text, address)


def _card(one: Mapping[str, Any], hint: datetime | None, say: Say, language: Language) -> Card:
    moment = Written(language).moment
    run = one["latest_run"]
    of_it = urlencode({"connection": one["connection"]})
    facts = [
        Fact(say("label_source"), word("source", one["source"], language)),
        Fact(say("label_client"), one["client"]),
        Fact(say("label_last_event"), moment(hint)),
        Fact(
            say("label_last_poll"),
            moment(run["started_at"]) if run else say("read_now"),
            f"/console/runs?{of_it}",
        ),
    ]
    if one["trouble"] is not None:
        facts.append(Fact(say("label_trouble"), f"{one['trouble']['what']} {one['trouble']['do']}"))
    for login in one["logins"]:
        system = word("system", login["system"], language)
        facts.append(Fact(say("label_login_until", system=system), moment(login["until"])))
        if login["by"]:
            facts.append(Fact(say("label_login_by"), login["by"]))
        if login["client"]:
            facts.append(Fact(say("label_login_client"), login["client"]))
        if login["link"]:
            facts.append(Fact(say("label_login_apps"), login["link"], login["link"]))
        if login["not_revoked"]:
            left = sentence("login_left", {"system": system, "link": login["link"]}, language)
            facts.append(Fact(say("label_login_left"), left))
        if login["failure"] is not None:
            told = f"{moment(login['failure']['at'])}: {login['failure']['words']}"
            facts.append(Fact(say("label_login_failed"), told))
    waiting = sum(one["vouchers"].get(state, 0) for state in ("needs_human", "rejected"))
    exceptions = f"/console/exceptions?{of_it}" if waiting else ""
    facts.append(Fact(say("label_exceptions"), Written(language).count(waiting), exceptions))
    state = one["state"]
    return Card(
        one["connection"],
        f"/console/connections/connection?{of_it}",
        tone("connection", state),
        word("connection", state, language),
        tuple(facts),
    )


def _by_day(app: Application, say: Say, language: Language) -> Chart:
    days = charts.states_by_day(app.services)
    states = list(WAY) if any(one.states for one in days) else []
    titles = [word("state", state, language) for state in states]
    table = [
        (
            notation.day(one.day, language),
            *(Written(language).count(one.states.get(state, 0)) for state in states),
        )
        for one in days
    ]
    values = [[one.states.get(state, 0) for state in states] for one in days]
    names = [notation.day(one.day, language)[:6] if language == "de" else f"{one.day:%m-%d}" for one in days]
    heads, rows = [say("label_day"), *titles], table if states else []
    tops = [_over(sum(one), language) for one in values]
    return columns_chart("by_day", heads, rows, values, legend=titles, names=names, tops=tops)


def _by_cause(report: Mapping[str, Mapping[str, Any]], say: Say, language: Language) -> Chart:
    found = Counter[tuple[str, str]]()
    for one in report.values():
        for problem in one["problems"]:
            found[(problem["cause"], problem["what"])] += problem["count"]
    first = found.most_common(_CAUSES)
    rest = sum(found.values()) - sum(count for _, count in first)
    rows = [(what, count) for (_, what), count in first] + ([(say("all_others"), rest)] if rest else [])
    return _numbered("by_cause", [say("label_cause"), say("label_count")], rows, language)


def _by_case(app: Application, say: Say, language: Language) -> Chart:
    """Amounts of one currency as columns, for others have another scale; the table has them all."""
    found = sorted(charts.amounts_by_case(app.services), key=lambda one: one.currency != EURO)
    written = Written(language)
    table = [
        (word("tax_case", one.tax_case, language), one.currency, written.amount(one.amount)) for one in found
    ]
    heads = [say("label_tax_case"), say("label_currency"), say("label_amount")]
    drawn = [one.amount for one in found if one.currency == EURO][:_CASES]
    tops = [Written(language).count(round(amount)) for amount in drawn]
    values = [[float(amount)] for amount in drawn]
    names = _numbers(table)[: len(drawn)]
    return columns_chart("by_case", heads, _with_numbers(table), values, names=names, tops=tops)


def _by_age(app: Application, say: Say, language: Language) -> Chart:
    counts = charts.queue_by_age(app.services)
    names = [say("age_under", days=charts.AGES[0])]
    names += [
        say("age_between", since=since, until=until)
        for since, until in zip(charts.AGES, charts.AGES[1:], strict=False)
    ]
    names.append(say("age_over", days=charts.AGES[-1]))
    table = [(name, Written(language).count(count)) for name, count in zip(names, counts, strict=True)]
    heads = [say("label_age"), say("label_count")]
    rows = table if any(counts) else []
    tops = [_over(count, language) for count in counts]
    return columns_chart("by_age", heads, rows, [[count] for count in counts], names=names, tops=tops)


def _numbered(key: str, heads: Sequence[str], rows: Sequence[tuple[str, int]], language: Language) -> Chart:
    table = [(name, Written(language).count(count)) for name, count in rows]
    values = [[count] for _, count in rows]
    tops = [_over(count, language) for _, count in rows]
    return columns_chart(key, heads, _with_numbers(table), values, names=_numbers(table), tops=tops)


def _with_numbers(table: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Long names do not fit under a column: there the number of the row stands, as in the table."""
    return [(f"{number}. {row[0]}", *row[1:]) for number, row in enumerate(table, 1)]


def _numbers(table: Sequence[tuple[str, ...]]) -> list[str]:
    return [f"{number}." for number, _ in enumerate(table, 1)]


def _over(value: int, language: Language) -> str:
    """What stands over a column; nothing where there is none."""
    return Written(language).count(value) if value else ""
