"""The screen Übertragungen: batches with DATEV's answers, their files, and how one goes once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import four_eyes
from mlconnector.flow.deliver import second_transfer
from mlconnector.flow.report import batch_facts, inbox, record_lists
from mlconnector.flow.report.batch_facts import BatchStory, Turnover
from mlconnector.flow.report.batch_words import answer_lines, batch_state, code_in
from mlconnector.flow.report.search import Search, Unreadable, period_of
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.store import audit, connections
from mlconnector.store.batches import Attempt, BatchFormat, BatchState
from mlconnector.texts.catalogue import Explanation, explain, word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.place import ROWS
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, At, Visit

SCREEN = Screen("batches", order=70, verb="see", path="batches")
FORMATS: tuple[BatchFormat, ...] = get_args(BatchFormat)
STATES: tuple[BatchState, ...] = get_args(BatchState)
_OUTCOMES = frozenset({"accepted", "adopted", "refused", "unknown"})
_DUPLICATE = "batch_succeeded_already"
_LINES_SHOWN = 200
_MOST_TAKEN = 100_000


@SCREEN.page()
def listing(at: At) -> Response:
    """Batches, the latest first, with what became of each."""
    asked = at.asked("period")
    if asked and not _is_period(asked):
        return _list(at, [], 0, period_fault=at.say("period_unreadable", given=asked))
    form = at.asked("as")
    if form in FORMS:
        return _taken(at, form)
    first = _found(at, limit=ROWS, page=1)
    paging = at.paging(first["total"])
    found = first if paging.page == 1 else _found(at, limit=ROWS, page=paging.page)
    return _list(at, found["batches"], first["total"])


@SCREEN.page("batch")
def show(at: At) -> Response:
    """One batch: what it carries, what DATEV said, its vouchers, and every attempt to hand it over."""
    if at.asked("as") == "file":
        return _file(at, at.asked("name"))
    head = record_lists.batch_of(at.app.services, at.asked("name"), limit=1)
    story = batch_facts.story_of(at.app.services, head["connection"], head["id"])
    paging = at.paging(story.vouchers)
    one = record_lists.batch_of(
        at.app.services, head["id"], limit=ROWS, page=paging.page, language=at.language
    )
    filed = batch_facts.filed_by_voucher(at.app.services, [each["voucher"] for each in one["booked"]])
    words = batch_facts.explanations(at.app.services, [one], at.language).get(one["id"])
    code = code_in(one["answer"], at.language)
    return at.shown(
        "batch.html",
        one=one,
        facts=_facts(at, one, story),
        state_title=batch_state(one["format"], one["state"], at.language),
        words=words,
        code=code if code is not None and code[1] != words else None,
        lines=answer_lines(one["answer"], at.language, most=_LINES_SHOWN),
        says=_said(at, one, words),
        attempts=[_attempt(at, each) for each in story.attempts],
        events=_events(at, one["id"]),
        booked=[(each, at.written.amount_of(each), filed.get(each["voucher"])) for each in one["booked"]],
        paging=paging,
        waiting=len(story.waiting),
        asked=four_eyes.open_request(at.app.services, "resend", one["id"]),
        two_people=four_eyes.are_wanted(at.app.services),
        may_go_again=one["state"] in {"succeeded", "failed"} and one["format"] != "dxso",
    )


@SCREEN.page("resend", "resend")
def ask_to_resend(at: At) -> Response:
    """Ask for the reason before a batch is handed over once more."""
    one = record_lists.batch_of(at.app.services, at.asked("name"), limit=1)
    return at.confirmation(
        "resend",
        "resend",
        {"batch": one["id"]},
        back=_address(at, one["id"]),
        facts=_asked_facts(at, one),
        with_reason=True,
    )


@SCREEN.action("resend", "resend")
def resend(at: Acting) -> Response:
    """Let a batch be handed over once more; one that DATEV has taken only knowingly."""
    batch, reason = at.form.get("batch"), at.form.get("reason")
    again = at.form.get("again") == "yes"
    try:
        row = second_transfer.resend(at.app.services, batch, reason, at.by, again=again)
    except NeedsHuman as error:
        if error.problem.key != _DUPLICATE:
            raise
        words = explain(error.problem.key, error.problem.facts, at.language, on_page=True)
        one = record_lists.batch_of(at.app.services, batch, limit=1)
        return at.shown("duplicate.html", words=words, one=one, reason=reason, facts=_asked_facts(at, one))
    key = "asked" if four_eyes.are_wanted(at.app.services) else "resent"
    return at.done(key, _address(at, row.id), file=row.file_name, name=row.connection)


@SCREEN.action("approve", "approve")
def approve(at: Acting) -> Response:
    """Let a batch go once more as a second person, as another one has asked for it; or decline it."""
    asked = four_eyes.asked_of(at.app.services, at.form.get("batch"), "resend")
    facts = {"file": asked.detail["file"], "name": asked.connection}
    if at.form.get("decline"):
        four_eyes.decline(at.app.services, asked, at.by)
        return at.done("declined", _address(at, asked.about), **facts)
    second_transfer.approve(at.app.services, asked.about, at.by)
    return at.done("resent", _address(at, asked.about), **facts)


@SCREEN.page("replay", "replay")
def ask_to_replay(at: At) -> Response:
    """Ask before the vouchers of a rejected batch are decided anew."""
    one = record_lists.batch_of(at.app.services, at.asked("name"), limit=1)
    story = batch_facts.story_of(at.app.services, one["connection"], one["id"])
    fields = {"batch": one["id"]}
    return at.confirmation(
        "replay", "replay", fields, back=_address(at, one["id"]), count=len(story.waiting), file=one["file"]
    )


@SCREEN.action("replay", "replay")
def replay(at: Acting) -> Response:
    """Let the vouchers of a rejected batch be read and decided anew, after whatever was repaired."""
    one = record_lists.batch_of(at.app.services, at.form.get("batch"), limit=1)
    at.app.services.refuse_while_disconnected(one["connection"])
    waiting = batch_facts.story_of(at.app.services, one["connection"], one["id"]).waiting
    count = inbox.replay(at.app.context(one["connection"]), waiting, None, at.by) if waiting else 0
    key = "replayed" if count else "none_replayed"
    return at.done(key, _address(at, one["id"]), count=count, name=one["connection"])


def _file(at: Visit, wanted: str) -> Response:
    """The frozen bytes, as DATEV gets them."""
    row, content = record_lists.file_of(at.app.services, wanted)
    headers = {"Content-Disposition": f'attachment; filename="{row.file_name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _found(at: Visit, *, limit: int, page: int) -> dict[str, Any]:
    wanted = Search(number=at.asked("text") or None, period=at.asked("period") or None)
    return record_lists.batches_of(
        at.app.services,
        at.asked("connection") or None,
        wanted,
        state=next((one for one in STATES if one == at.asked("state")), None),
        data_format=next((one for one in FORMATS if one == at.asked("kind")), None),
        limit=limit,
        page=page,
    )


def _is_period(text: str) -> bool:
    try:
        period_of(text)
    except Unreadable:
        return False
    return True


def _list(at: Visit, rows: list[dict[str, Any]], total: int, period_fault: str = "") -> Response:
    turnovers = batch_facts.turnovers(at.app.services, rows)
    words = batch_facts.explanations(at.app.services, rows, at.language)
    with at.app.database.read() as db:
        names = [row.name for row in connections.every(db)]
    shown = [
        {
            "id": one["id"],
            "file": one["file"],
            "connection": one["connection"],
            "kind": at.say(f"kind_{one['format']}"),
            "period": one["period"],
            "rows": at.written.count(one["rows"]),
            "vouchers": at.written.count(one["vouchers"]) if one["vouchers"] else "–",
            "sums": list(_sums(at, turnovers.get(one["id"], ()))),
            "state": one["state"],
            "state_title": batch_state(one["format"], one["state"], at.language),
            "says": _said(at, one, words.get(one["id"])),
            "at": at.written.moment(one["created_at"]),
        }
        for one in rows
    ]
    return at.shown(
        "list.html",
        batches=shown,
        paging=at.paging(total),
        names=[(name, name) for name in names],
        kinds=[(one, at.say(f"kind_{one}")) for one in FORMATS],
        states=[(one, word("batch", one, at.language)) for one in STATES],
        period_fault=period_fault,
    )


def _taken(at: Visit, form: str) -> Response:
    rows = _found(at, limit=_MOST_TAKEN, page=1)["batches"]
    turnovers = batch_facts.turnovers(at.app.services, rows)
    words = batch_facts.explanations(at.app.services, rows, at.language)
    keys = (
        *(
            "file",
            "connection",
            "client",
            "kind",
            "period",
            "rows",
            "vouchers",
            "currency",
            "debit",
            "credit",
        ),
        *("state", "answer", "job", "created", "sha256"),
    )
    listed = [
        (
            one["file"],
            one["connection"],
            one["client"],
            at.say(f"kind_{one['format']}"),
            one["period"],
            one["rows"],
            one["vouchers"],
            *sums,
            batch_state(one["format"], one["state"], at.language),
            _said(at, one, words.get(one["id"])),
            one["job_id"] or "",
            at.written.moment(one["created_at"]),
            one["sha256"],
        )
        for one in rows
        for sums in _cells(turnovers.get(one["id"], ()))
    ]
    return downloaded(form, at.say("title"), [at.say(f"label_{key}") for key in keys], listed, at.language)


def _cells(turnovers: tuple[Turnover, ...]) -> list[tuple[Cell, ...]]:
    """Currency, Soll and Haben, once for each currency; empty for what moves no money."""
    return [(one.currency, one.debit, one.credit) for one in turnovers] or [("", None, None)]


def _sums(at: Visit, turnovers: tuple[Turnover, ...]) -> Iterator[tuple[str, str]]:
    for one in turnovers:
        yield at.written.amount(one.debit, one.currency), at.written.amount(one.credit, one.currency)


def _said(at: Visit, one: Mapping[str, Any], words: Explanation | None) -> str:
    """What DATEV has said, in a sentence."""
    if words is not None:
        return words.what
    key = "succeeded_dxso" if (one["state"], one["format"]) == ("succeeded", "dxso") else one["state"]
    return at.say(f"says_{key}")


def _facts(at: Visit, one: Mapping[str, Any], story: BatchStory) -> list[Fact]:
    written, label = at.written, at.say
    sums = batch_facts.turnovers(at.app.services, [one]).get(one["id"], ())
    facts = [
        Fact(label("label_connection"), one["connection"]),
        Fact(label("label_client"), one["client"]),
        Fact(label("label_kind"), at.say(f"kind_{one['format']}")),
        Fact(label("label_period"), at.written.period(one["period"])),
        Fact(label("label_rows"), written.count(one["rows"])),
    ]
    if one["format"] != "master":
        facts.append(Fact(label("label_vouchers"), written.count(one["vouchers"])))
    for debit, credit in _sums(at, sums):
        facts.append(Fact(label("label_sums"), at.say("sums", debit=debit, credit=credit)))
    if story.filed.of:
        facts.append(Fact(label("label_documents"), _filed(at, story.filed)))
    facts.append(Fact(label("label_created"), written.moment(one["created_at"])))
    facts.append(Fact(label("label_changed"), written.moment(one["changed_at"])))
    if one["job_id"]:
        facts.append(Fact(label("label_job"), one["job_id"]))
    facts.append(Fact(label("label_sha256"), one["sha256"]))
    return facts


def _filed(at: Visit, filed: batch_facts.Filed) -> str:
    key = "documents_refused" if filed.refused else "documents_filed"
    return at.say(key, filed=filed.filed, of=filed.of, refused=filed.refused)


def _attempt(at: Visit, one: Attempt) -> tuple[str, str, str, str]:
    outcome, _, more = one.outcome.partition(" ")
    outcome = outcome.rstrip(":")
    said = at.say(f"outcome_{outcome}", more=more) if outcome in _OUTCOMES else one.outcome
    finished = at.written.moment(one.finished_at)
    return str(one.number), at.written.moment(one.started_at), finished, said or at.say("outcome_open")


def _events(at: Visit, batch: str) -> list[tuple[str, str, str, str]]:
    """What the audit trail has of a batch: when, what, by whom, why."""
    with at.app.database.read() as db:
        found = audit.story(db, [batch])
    return [
        (
            at.written.moment(one.at),
            word("event", one.event, at.language),
            str(one.detail.get("by") or "–"),
            str(one.detail.get("reason") or ""),
        )
        for one in found
    ]


def _asked_facts(at: Visit, one: Mapping[str, Any]) -> list[Fact]:
    return [
        Fact(at.say("label_file"), one["file"]),
        Fact(at.say("label_state"), batch_state(one["format"], one["state"], at.language)),
        Fact(at.say("label_period"), at.written.period(one["period"])),
        Fact(at.say("label_rows"), at.written.count(one["rows"])),
    ]


def _address(at: Visit, batch: str) -> str:
    return f"{at.screen.address('batch')}?name={batch}"
