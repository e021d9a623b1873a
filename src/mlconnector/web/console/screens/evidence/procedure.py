"""The Verfahrensdokumentation, as this installation is set up on the day that it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from mlconnector.flow.report import procedure
from mlconnector.flow.report.procedure import Documented, Installation
from mlconnector.store.audit import AuditRow
from mlconnector.store.people import UserRow
from mlconnector.store.retention import WEBHOOK_DAYS
from mlconnector.texts.catalogue import looked_at, word
from mlconnector.web.console.pages import Fact, speaker
from mlconnector.web.console.screens.evidence.screen import SCREEN
from mlconnector.web.console.visits import At, Visit

_BLANKS = ("company", "address", "tax_number", "responsible", "deputy", "valid_from", "approved")
_TAKES = ("documents", "booking_files", "suggestions")


@SCREEN.page("procedure")
def show(at: At) -> Response:
    """All of it on one page, to be read and printed."""
    told = procedure.procedure_of(at.app.services, at.language)
    return at.shown(
        "procedure.html",
        at_moment=at.written.moment(told.at),
        installation=told.installation,
        blanks=[at.say(f"blank_{one}") for one in _BLANKS],
        parts=[_part(at, one) for one in told.connections],
        users=[_user(at, one) for one in told.users],
        operation=_operation(at, told.installation),
        webhook_days=WEBHOOK_DAYS,
        trail=_trail(at, told.installation),
        filed=told.installation.documents,
        clients=sorted({one.row.client for one in told.connections}),
    )


def _part(at: Visit, one: Documented) -> dict[str, Any]:
    """One connection: its facts, and the rules that are agreed."""
    return {
        "name": one.row.name,
        "facts": _facts(at, one),
        "is_read": one.settings is not None,
        "channels": _channels(at, one),
        "accounts": _accounts(at, one.rules),
        "cases": _cases(at, one.rules),
        "seeds": _seeds(at, one.rules),
        "centres": _centres(at, one.rules),
        "changes": [_change(at, row) for row in one.changes],
    }


def _facts(at: Visit, one: Documented) -> list[Fact]:
    row, written, say = one.row, at.written, at.say
    given = say("released", by=row.released_by or "", at=written.moment(row.released_at))
    facts = [
        Fact(say("label_source"), word("source", row.source, at.language)),
        Fact(say("label_client"), row.client),
        Fact(say("label_state"), word("connection", row.state, at.language)),
        Fact(say("label_created"), written.moment(row.created_at)),
        Fact(say("label_changed"), written.moment(row.updated_at)),
        Fact(say("label_released"), given if row.released_at else say("not_released")),
    ]
    if one.settings is not None and one.rules is not None:
        books = one.rules["books"]
        takes = [say(f"takes_{name}") for name in _TAKES if one.settings.sends(name)]  # type: ignore[arg-type]
        facts += [
            Fact(say("label_takes"), ", ".join(takes) or "–"),
            Fact(say("label_schedule"), one.settings.schedule.cron or say("no_schedule")),
            Fact(say("label_missing_document"), say(f"missing_{one.settings.documents.missing}")),
            Fact(
                say("label_books"),
                say(
                    "books",
                    chart=books["chart"],
                    digits=books["account_length"],
                    month=books["fiscal_year_start"],
                ),
            ),
        ]
        for name in ("debtors", "creditors"):
            numbers = say("from_to", first=books[name]["first"], last=books[name]["last"])
            facts.append(Fact(word("persons", name, at.language), numbers))
        own = one.rules["own_chart"]
        if own["accounts"]:
            told = say(
                "own_chart", count=own["accounts"], by=own["changed_by"], at=written.moment(own["changed_at"])
            )
            facts.append(Fact(say("label_own_chart"), told))
    if one.open_day is not None:
        day = one.open_day
        told = say("open_day", day=written.day(day.open_from), by=day.said_by, reason=day.reason)
        facts.append(Fact(say("label_open_day"), told))
    for login in one.logins:
        by = say("login", until=written.moment(login.until), by=login.by)
        facts.append(Fact(say("label_login", system=word("system", login.system, at.language)), by))
    states = ", ".join(
        f"{word('state', state, at.language)}: {written.count(count)}"
        for state, count in sorted(one.states.items())
    )
    facts.append(Fact(say("label_vouchers"), states or "–"))
    return facts


def _channels(at: Visit, one: Documented) -> list[tuple[str, str, str]]:
    if one.settings is None:
        return []
    return [
        (word("kind", row.kind, at.language), at.say(f"format_{row.format}"), at.written.day(row.since))
        for row in one.settings.channels
    ]


def _accounts(at: Visit, rules: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    return [
        (
            at.say(f"table_{one['table']}"),
            str(one["row"]),
            looked_at(one["facts"], at.language) or at.say("anything_else"),
            one["account"] or at.say("by_tax_case"),
            one["tax_case"] or "–",
            one["name"],
            at.written.day(date.fromisoformat(one["valid_from"])) if one["valid_from"] else "–",
        )
        for one in (rules or {}).get("accounts", ())
    ]


def _cases(at: Visit, rules: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    return [
        (
            one["title"],
            one["account"] or at.say("of_the_row"),
            one["tax_key"] or "–",
            one["source"],
            _by(at, one),
        )
        for one in (rules or {}).get("tax_cases", ())
    ]


def _seeds(at: Visit, rules: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    return [
        (one["account"], word("function", one["function"], at.language), one["name"], _by(at, one))
        for one in (rules or {}).get("seed_accounts", ())
    ]


def _centres(at: Visit, rules: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    rows = []
    for number, table in (rules or {}).get("cost_centres", {}).items():
        rows += [
            (f"KOST{number}", looked_at({table["attribute"]: one}, at.language), centre)
            for one, centre in table["table"].items()
        ]
        if table["default"]:
            rows.append((f"KOST{number}", at.say("anything_else"), table["default"]))
    return rows


def _by(at: Visit, one: Mapping[str, Any]) -> str:
    if one["confirmed"]:
        return at.say("confirmed", by=one["confirmed_by"], on=at.written.day(one["confirmed_on"]))
    return at.say("changed_since" if one["changed_since"] else "not_confirmed")


def _change(at: Visit, row: AuditRow) -> tuple[str, str, str, str]:
    by = str(row.detail.get("by") or row.detail.get("noted_by") or "")
    return (
        at.written.count(row.sequence),
        at.written.moment(row.at),
        word("event", row.event, at.language),
        by,
    )


def _user(at: Visit, one: UserRow) -> tuple[str, str, str, str, str]:
    allowed = speaker("people", at.language)(f"role_{one.role}")
    ended = at.written.moment(one.disabled_at) if one.disabled_at else "–"
    return one.name, word("role", one.role, at.language), allowed, at.written.moment(one.created_at), ended


def _operation(at: Visit, one: Installation) -> list[Fact]:
    return [
        Fact(at.say("label_version"), f"ml-connector {one.version}"),
        Fact(at.say("label_python"), one.python),
        Fact(at.say("label_database"), f"{one.database}: {one.database_place}"),
        Fact(at.say("label_schema"), one.schema),
        Fact(at.say("label_data_folder"), one.data_folder),
        Fact(at.say("label_master_key"), one.key_place),
        Fact(at.say("label_address"), one.public_url),
        Fact(at.say("label_api"), at.say("api_on" if one.has_api else "api_off")),
        Fact(at.say("label_warehouse"), ", ".join(one.warehouses) or at.say("no_warehouse")),
    ]


def _trail(at: Visit, one: Installation) -> list[Fact]:
    facts = [
        Fact(at.say("label_rows_good"), at.written.count(one.trail_rows)),
        Fact(at.say("label_head"), one.trail_head),
        Fact(at.say("label_heads"), ", ".join(one.heads) or at.say("heads_nowhere")),
    ]
    for row in one.sealed:
        told = at.say("sealed", at=at.written.moment(row.at), row=row.sequence, by=row.detail.get("by", ""))
        facts.append(Fact(at.say("label_sealed"), told))
    return facts
