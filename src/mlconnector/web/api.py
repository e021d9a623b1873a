"""The JSON API under `/api/v1`: what the commands offer, for other programs."""

from __future__ import annotations

from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import four_eyes, holding, number_binding, number_lists, telling_apart
from mlconnector.flow.agree import release as releases
from mlconnector.flow.agree.release import WouldGo
from mlconnector.flow.agree.released import Released, released
from mlconnector.flow.connect import invitation, oauth_login, ping, setup, standing
from mlconnector.flow.context import breaker
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import Name
from mlconnector.flow.deliver import second_transfer
from mlconnector.flow.intake import reread as reread_source
from mlconnector.flow.report import (
    aside,
    inbox,
    overview,
    record_lists,
    trail_export,
    trail_heads,
    voucher_story,
    waiting,
)
from mlconnector.flow.report.search import Search
from mlconnector.model.problems import Problem
from mlconnector.store import audit, connections, figures, logins, vouchers
from mlconnector.store.batches import BatchState
from mlconnector.texts.catalogue import filled, step_cause, step_people, step_title, word
from mlconnector.texts.language import Language
from mlconnector.web import notifications, reports, shapes, warehouses
from mlconnector.web import shapes_of_decisions as decisions
from mlconnector.web import shapes_of_work as work_shapes
from mlconnector.web.answers import ProblemDetails
from mlconnector.web.file_check import checked
from mlconnector.web.guards import with_token
from mlconnector.web.oauth import CALLBACK_PATH
from mlconnector.web.parts import WHO, Web

PREFIX = "/api/v1"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetails, "description": words}
    for status, words in {
        401: "The token is missing or wrong",
        403: "This installation has no API token yet",
        404: "There is no such thing",
        409: "A person has to do something first",
        413: "The body is too large",
        422: "The request is not as described here",
        503: "Not possible at the moment; Retry-After says when",
    }.items()
}


def _operation_name(route: APIRoute) -> str:
    return route.name


router = APIRouter(
    prefix=PREFIX,
    dependencies=[Depends(with_token)],
    responses=_REFUSALS,
    generate_unique_id_function=_operation_name,
)
router.include_router(reports.router)
router.include_router(warehouses.router)
router.include_router(notifications.router)


def _wanted(
    number: shapes.Text | None = None,
    customer: shapes.Text | None = None,
    period: shapes.Period | None = None,
    amount: shapes.Amount | None = None,
) -> Search:
    return Search(number=number, customer=customer, period=period, amount=amount)


Wanted = Annotated[Search, Depends(_wanted)]


@router.get("/connections")
def list_connections(web: Web) -> shapes.Connections:
    """All connections with their states."""
    with web.application.database.read() as db:
        rows = connections.every(db)
        states = vouchers.states(db)
        hints = {one.connection: one.count for one in figures.waiting_hints(db)}
    listed = [
        shapes.ConnectionSummary(
            connection=row.name,
            source=row.source,
            client=row.client,
            state=row.state,
            state_reason=row.state_reason,
            released=_released(released(row)),
            vouchers=states.get(row.name, {}),
            hints_waiting=hints.get(row.name, 0),
        )
        for row in rows
    ]
    return shapes.Connections(connections=listed)


@router.get("/connections/{name}")
def show_connection(name: Name, web: Web) -> shapes.ConnectionOverview:
    """One connection: its state, vouchers, Buchungsstapel, what waits, and the latest run."""
    return shapes.ConnectionOverview.model_validate(overview.connection(web.application.context(name)))


@router.post("/connections/{name}/check")
def check_connection(name: Name, web: Web) -> shapes.Check:
    """Check a connection step by step: what works, what does not, why, and who can fix it."""
    language = web.application.settings.language
    steps = [
        shapes.Step(
            step=step.key,
            title=step_title(step.key, language),
            outcome=step.outcome,
            cause=step.cause,
            words=step_cause(step.cause, step.facts, language) if step.cause else "",
            who=step_people(step.cause, step.who, step.facts, language)
            if step.outcome in {"failed", "warning"}
            else "",
            facts=dict(step.facts),
        )
        for step in ping.check(web.application.context(name))
    ]
    return shapes.Check(connection=name, ok=all(step.outcome != "failed" for step in steps), steps=steps)


@router.post("/connections/{name}/runs", status_code=HTTPStatus.ACCEPTED)
def start_run(name: Name, web: Web) -> work_shapes.StartedRun:
    """Begin a run: read, book, file, submit. `GET connections/{name}` shows how far it is."""
    _working(web.application.context(name))
    if web.work is None:
        raise NeedsHuman(Problem("works_elsewhere", {"name": name}))
    return work_shapes.StartedRun(id=web.work.start_run(name, WHO))


@router.post("/connections/{name}/login")
def begin_login(name: Name, wanted: work_shapes.LoginRequest, web: Web) -> work_shapes.BegunLogin:
    """Begin a login and give the address for the browser; the answer comes to this server's callback."""
    services, context = web.application.services, web.application.context(name)
    system = wanted.system or context.settings.sink_system.name
    if system not in standing.systems_with_login(context):
        raise NeedsHuman(Problem("login_not_needed", {"name": name, "system": system}))
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    valid_until = services.now() + logins.LIFETIME
    address = oauth_login.begin(context, system, redirect, ended_there=wanted.ended_there)
    return work_shapes.BegunLogin(connection=name, system=system, address=address, valid_until=valid_until)


@router.post("/connections/{name}/link", status_code=HTTPStatus.CREATED)
def make_link(name: Name, web: Web) -> work_shapes.Link:
    """A link to pass on, for example to the tax adviser: its page has the button to log in to DATEV."""
    key, until = invitation.invite(web.application.context(name))
    public = web.application.settings.public_url.rstrip("/")
    path = invitation.path_of(web.application.context(name))
    return work_shapes.Link(connection=name, link=f"{public}{path}?key={key}", valid_until=until)


@router.get("/connections/{name}/release")
def show_release(name: Name, web: Web) -> work_shapes.Release:
    """Whether a connection is released, and what goes or would go with that."""
    context = web.application.context(name)
    with context.read() as db:
        given = released(connections.read(db, name))
    return _release(context, given, releases.would_go(context))


@router.post("/connections/{name}/release")
def release(name: Name, web: Web, wanted: work_shapes.ReleaseRequest | None = None) -> work_shapes.Release:
    """Let a connection send to DATEV, or no longer; look at what goes first (`GET` of the same)."""
    context = web.application.context(name)
    seen = releases.would_go(context)
    if wanted is not None and wanted.withdraw:
        releases.withdraw(context, WHO)
        return _release(context, None, seen)
    four_eyes.refuse_nobody(context.services)
    return _release(context, releases.release(context, WHO, seen), seen)


def _release(context: Context, given: Released | None, seen: WouldGo) -> work_shapes.Release:
    would_go = work_shapes.WouldGo.model_validate(asdict(seen))
    request = four_eyes.open_request(context.services, "release", context.name)
    asked = None if request is None else shapes.Released(at=request.at, by=request.by)
    return work_shapes.Release(
        connection=context.name, released=_released(given), asked=asked, would_go=would_go
    )


def _released(given: Released | None) -> shapes.Released | None:
    return None if given is None else shapes.Released(at=given.at, by=given.by)


@router.post("/connections/{name}/resume")
def resume(name: Name, web: Web) -> work_shapes.Resumed:
    """Let work go on that rests because DATEV refused too many requests."""
    _working(web.application.context(name))
    breaker.resume(web.application.context(name), WHO)
    return work_shapes.Resumed(connection=name, resumed=True)


@router.post("/batches/{batch}/resend")
def resend(batch: shapes.Text, wanted: work_shapes.ResendRequest, web: Web) -> work_shapes.Resent:
    """Hand a Buchungsstapel over once more, byte for byte; the next run sends it."""
    services = web.application.services
    four_eyes.refuse_nobody(services)
    row = second_transfer.resend(services, batch, wanted.reason, WHO, again=wanted.again)
    return work_shapes.Resent(
        batch=row.id,
        file=row.file_name,
        before=row.state,
        reason=wanted.reason,
    )


@router.post("/connections/{name}/replay")
def replay(name: Name, wanted: work_shapes.ReplayRequest, web: Web) -> work_shapes.Replayed:
    """Let waiting vouchers go on after the fix; the next run reads them again and decides them anew."""
    _working(web.application.context(name))
    count = inbox.replay(web.application.context(name), wanted.vouchers, wanted.cause, WHO)
    return work_shapes.Replayed(connection=name, replayed=count)


@router.post("/connections/{name}/ignore")
def ignore(name: Name, wanted: decisions.AsideRequest, web: Web) -> decisions.PutAside:
    """Leave vouchers out: they are not booked, whatever changes in the source."""
    return _put_aside(web.application.context(name), wanted, "ignored")


@router.post("/connections/{name}/booked-by-hand")
def booked_by_hand(name: Name, wanted: decisions.AsideRequest, web: Web) -> decisions.PutAside:
    """Note that vouchers were booked by hand: not booked again, and later changes wait in the inbox."""
    return _put_aside(web.application.context(name), wanted, "booked_by_hand")


def _put_aside(
    context: Context, wanted: decisions.AsideRequest, state: Literal["ignored", "booked_by_hand"]
) -> decisions.PutAside:
    _working(context)
    meant = aside.Wanted(wanted.vouchers, wanted.cause)
    rows = aside.set_aside(context, meant, state, wanted.reason, WHO)
    return decisions.PutAside(
        connection=context.name,
        state=state,
        vouchers=[row.label for row in rows],
        count=len(rows),
        reason=wanted.reason.strip(),
        by=WHO,
    )


@router.post("/connections/{name}/unignore")
def unignore(name: Name, wanted: decisions.TakeBackRequest, web: Web) -> decisions.TakenBack:
    """Take back that vouchers were left out or booked by hand; the next run reads and decides them anew."""
    _working(web.application.context(name))
    rows = aside.take_back(web.application.context(name), wanted.vouchers, wanted.reason, WHO)
    labels = [row.label for row in rows]
    return decisions.TakenBack(connection=name, taken_back=len(rows), vouchers=labels)


@router.post("/connections/{name}/hold")
def hold(name: Name, wanted: decisions.HoldRequest, web: Web) -> decisions.Held:
    """Stop vouchers: they do not go to DATEV until `unhold`, whatever changes in the source."""
    _working(web.application.context(name))
    rows = holding.hold(web.application.context(name), wanted.vouchers, wanted.reason, WHO)
    return decisions.Held(connection=name, held=True, vouchers=[row.label for row in rows])


@router.post("/connections/{name}/unhold")
def unhold(name: Name, wanted: decisions.TakeBackRequest, web: Web) -> decisions.Held:
    """Let stopped vouchers go on; the next run reads them again and decides them anew."""
    _working(web.application.context(name))
    rows = holding.let_go(web.application.context(name), wanted.vouchers, wanted.reason, WHO)
    return decisions.Held(connection=name, held=False, vouchers=[row.label for row in rows])


@router.post("/connections/{name}/distinct")
def distinct(name: Name, wanted: decisions.DistinctRequest, web: Web) -> decisions.ToldApart:
    """Confirm that vouchers are documents of their own, although they look booked; or take that back."""
    _working(web.application.context(name))
    say = telling_apart.withdraw if wanted.withdraw else telling_apart.tell_apart
    rows = say(web.application.context(name), wanted.vouchers, wanted.reason, WHO)
    labels = [row.label for row in rows]
    return decisions.ToldApart(connection=name, distinct=not wanted.withdraw, vouchers=labels)


@router.get("/connections/{name}/numbers")
def list_numbers(name: Name, web: Web) -> decisions.Numbers:
    """All debtor and creditor numbers of the client, those that a list only reserves included."""
    given = number_lists.listed(web.application.context(name))
    found = [
        decisions.Number(
            number=one.number,
            ledger=one.ledger,
            party=None if one.is_reserved else one.party,
            name=one.name,
            vat_id=one.vat_id,
            origin=one.origin,
            since=one.given_at,
            connection=one.connection,
        )
        for one in given
    ]
    return decisions.Numbers(numbers=found)


@router.post("/connections/{name}/numbers/bind")
def bind_number(name: Name, wanted: decisions.BindRequest, web: Web) -> decisions.BoundNumber:
    """Give a number to a customer or supplier that the source has named; what changes is said."""
    context = web.application.context(name)
    _working(context)
    seen = number_binding.would_bind(context, wanted.party, wanted.number)
    if not wanted.try_only:
        number_binding.bind(context, wanted.party, wanted.number, WHO)
    told = {"connection": name, "bound": not wanted.try_only, "number": wanted.number}
    return decisions.BoundNumber.model_validate({**told, **seen.as_data()})


@router.post("/connections/{name}/numbers/unbind")
def unbind_number(name: Name, wanted: decisions.UnbindRequest, web: Web) -> decisions.UnboundNumber:
    """Take a number from the party to which a list or a person gave it, until something was sent under it."""
    _working(web.application.context(name))
    done = number_binding.unbind(web.application.context(name), wanted.number, WHO, wanted.reason)
    return decisions.UnboundNumber.model_validate({"connection": name, **asdict(done)})


@router.post("/connections/{name}/disconnect")
def disconnect(name: Name, web: Web) -> work_shapes.Disconnected:
    """Revoke the login, delete credentials and pause: nothing is asked for the connection any more."""
    context = web.application.context(name)
    given = setup.given_secrets(context)
    failed = setup.disconnect(context, WHO)
    return work_shapes.Disconnected(connection=name, not_revoked=failed, still_valid=given)


@router.post("/connections/{name}/reread")
def reread(name: Name, wanted: work_shapes.RereadRequest, web: Web) -> work_shapes.Reread:
    """Let the next run read the source once more: everything, or what changed since a day."""
    asked = reread_source.ask(web.application.context(name), wanted.since, WHO)
    return work_shapes.Reread(connection=name, since=asked.since)


@router.get("/inbox")
def show_inbox(
    web: Web,
    wanted: Wanted,
    connection: Name | None = None,
    cause: shapes.Text | None = None,
    limit: shapes.Limit = 100,
    page: shapes.OnPage = 1,
) -> shapes.Inbox:
    """Why vouchers wait, grouped by cause, each with its cure and its vouchers."""
    services = web.application.services
    found = waiting.causes(services, connection, wanted, cause=cause, limit=limit, page=page)
    total = waiting.total(services, connection, wanted, cause=cause)
    return shapes.Inbox.model_validate({"problems": found, "page": page, "limit": limit, "total": total})


@router.get("/vouchers")
def list_vouchers(
    web: Web,
    wanted: Wanted,
    connection: Name | None = None,
    state: shapes.ListedState | None = None,
    limit: shapes.Limit = 100,
    page: shapes.OnPage = 1,
) -> shapes.Vouchers:
    """Vouchers, those left out included, the latest changed first."""
    meant = replace(wanted, state=state)
    found = record_lists.vouchers_of(web.application.services, connection, meant, limit=limit, page=page)
    return shapes.Vouchers.model_validate(found)


@router.get("/vouchers/{voucher:path}")
def show_voucher(voucher: shapes.Text, web: Web) -> shapes.Story:
    """One voucher's story, found by our key, its external id or its number."""
    return shapes.Story.model_validate(voucher_story.of_voucher(web.application.services, voucher))


@router.get("/batches")
def list_batches(
    web: Web,
    wanted: Wanted,
    connection: Name | None = None,
    state: BatchState | None = None,
    limit: shapes.Limit = 100,
    page: shapes.OnPage = 1,
) -> shapes.Batches:
    """Buchungsstapel, the latest first; number, customer and amount are those of a voucher in it."""
    services = web.application.services
    found = record_lists.batches_of(services, connection, wanted, state=state, limit=limit, page=page)
    return shapes.Batches.model_validate(found)


@router.get(
    "/batches/{batch}/file",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The frozen bytes"}},
)
def batch_file(batch: shapes.Text, web: Web) -> Response:
    """The file of a Buchungsstapel, byte for byte as DATEV gets it."""
    row, content = record_lists.file_of(web.application.services, batch)
    headers = {"Content-Disposition": f'attachment; filename="{row.file_name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/audit/verify")
def verify_audit(web: Web) -> shapes.Verdict:
    """Prove that the audit trail is complete and unchanged; reads all of it."""
    verdict = audit.verify(web.application.database, trail_heads.written_down(web.application.services))
    language = web.application.settings.language
    reason = filled(word("trail_fault", verdict.cause, language), verdict.facts, language)
    return shapes.Verdict.model_validate({**asdict(verdict), "reason": reason})


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {}}, "description": "The trail, a line for each row"}},
)
def export_audit(web: Web) -> StreamingResponse:
    """The audit trail as one file that proves itself; its first line says whether it is whole."""
    services = web.application.services
    lines = trail_export.lines(services, trail_export.proved(services))
    headers = {"Content-Disposition": f'attachment; filename="{trail_export.file_name(services.now())}"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@router.post(
    "/check",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def check_file(
    request: Request,
    web: Web,
    file_name: shapes.Text | None = None,
    language: Language | None = None,
    limit: Annotated[int, Query(ge=0, le=10_000, description="how many findings to give")] = 1000,
) -> shapes.FileReport:
    """Report what DATEV would object to in an EXTF file, which is the body: ours or anybody's."""
    spoken = language or web.application.settings.language
    return await checked(request.stream(), file_name, spoken, limit)


def _working(context: Context) -> None:
    """Raise NeedsHuman where there is no such connection, or it is disconnected."""
    context.services.refuse_while_disconnected(context.name)
