"""What is done about waiting vouchers: again, left out, booked by hand, told apart."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import holding, telling_apart
from mlconnector.flow.report import aside, inbox
from mlconnector.flow.report.aside import Wanted
from mlconnector.model.problems import Problem
from mlconnector.store.vouchers import SetAside
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.place import within
from mlconnector.web.console.screens.exceptions.choosing import Chosen, chosen
from mlconnector.web.console.screens.exceptions.screen import SCREEN
from mlconnector.web.console.visits import Acting, Visit


@SCREEN.action("replay", "replay")
def replay(at: Acting) -> Response:
    """Let vouchers go on after the fix: those of a cause, or some of them."""
    name, cause = at.form.get("connection"), at.form.get("cause")
    at.app.services.refuse_while_disconnected(name)
    context = at.app.context(name)
    if at.form.get("cause_as_a_whole"):
        count = inbox.replay(context, [], cause, at.by)
        return at.done("replayed" if count else "none_replayed", count=count)
    meant = chosen(at)
    # What somebody has booked by hand never goes on so: it would be booked twice.
    keys = [row.id for row in meant.found if row.state != "booked_by_hand"]
    if not keys:
        raise NeedsHuman(Problem("nothing_chosen"))
    return at.done("replayed", meant.back(), count=inbox.replay(context, keys, None, at.by))


@SCREEN.action("ask-ignore", "ignore")
def ask_to_ignore(at: Acting) -> Response:
    """Ask before vouchers are left out."""
    return _ask_to_set_aside(at, chosen(at), "ignored")


@SCREEN.action("ignore", "ignore")
def ignore(at: Acting) -> Response:
    """Leave vouchers out."""
    return _set_aside(at, "ignored")


@SCREEN.action("ask-booked-by-hand", "booked_by_hand")
def ask_whether_booked_by_hand(at: Acting) -> Response:
    """Ask before it is noted that vouchers were booked by hand."""
    return _ask_to_set_aside(at, chosen(at), "booked_by_hand")


@SCREEN.action("booked-by-hand", "booked_by_hand")
def booked_by_hand(at: Acting) -> Response:
    """Note that vouchers were booked by hand."""
    return _set_aside(at, "booked_by_hand")


@SCREEN.action("ask-distinct", "distinct")
def ask_whether_distinct(at: Acting) -> Response:
    """Ask before vouchers are said to be documents of their own."""
    return _ask_whether_distinct(at, chosen(at))


@SCREEN.action("distinct", "distinct")
def distinct(at: Acting) -> Response:
    """Say that vouchers are documents of their own."""
    meant = chosen(at)
    if not meant.is_as_shown(at):
        return _ask_whether_distinct(at, meant, changed=True)
    name = _connection(at, meant)
    telling_apart.tell_apart(at.app.context(name), meant.keys, at.form.get("reason"), at.by)
    return at.done("told_apart", meant.back(), count=len(meant.keys))


@SCREEN.action("hold", "hold")
def hold(at: Acting) -> Response:
    """Stop one voucher until somebody lets it go on."""
    name, back = at.form.get("connection"), within(at.form.get("back"), SCREEN.home)
    at.app.services.refuse_while_disconnected(name)
    (row,) = holding.hold(at.app.context(name), [at.form.get("voucher")], at.form.get("reason"), at.by)
    return at.done("stopped", back, number=row.label)


@SCREEN.action("unhold", "hold")
def let_go(at: Acting) -> Response:
    """Let stopped vouchers go on."""
    meant = chosen(at)
    name = _connection(at, meant)
    rows = holding.let_go(at.app.context(name), meant.keys, at.form.get("reason"), at.by)
    return at.done("let_go", meant.back(), count=len(rows))


def asked(at: Visit, key: str, action: str, meant: Chosen, *, changed: bool, with_reason: bool) -> Response:
    """A page that says how many vouchers are meant, and what they come to; before anything is done."""
    facts = meant.facts(at)
    if changed:
        facts.insert(0, Fact(at.say("label_changed"), at.say("changed_meanwhile")))
    fields, back = meant.carried(), meant.back()
    return at.confirmation(key, action, fields, back=back, facts=facts, with_reason=with_reason)


def _ask_to_set_aside(at: Visit, meant: Chosen, state: SetAside, *, changed: bool = False) -> Response:
    aside.meant(at.app.context(_connection(at, meant)), Wanted(meant.keys), state)
    key, action = ("ignore", "ignore") if state == "ignored" else ("booked_by_hand", "booked-by-hand")
    return asked(at, key, action, meant, changed=changed, with_reason=True)


def _set_aside(at: Visit, state: SetAside) -> Response:
    meant = chosen(at)
    if not meant.is_as_shown(at):
        return _ask_to_set_aside(at, meant, state, changed=True)
    context, reason = at.app.context(_connection(at, meant)), at.form.get("reason")
    rows = aside.set_aside(context, Wanted(meant.keys), state, reason, at.by)
    return at.done(f"done_{state}", meant.back(), count=len(rows))


def _ask_whether_distinct(at: Visit, meant: Chosen, *, changed: bool = False) -> Response:
    _connection(at, meant)
    return asked(at, "distinct", "distinct", meant, changed=changed, with_reason=True)


def _connection(at: Visit, meant: Chosen) -> str:
    """The one connection of what is meant, which is not disconnected."""
    name = meant.asked.connection or ""
    at.app.services.refuse_while_disconnected(name)
    return name
