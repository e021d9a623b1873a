"""The cure of a wrong debtor or creditor number: it is bound to whom it belongs."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.flow.agree import number_binding
from mlconnector.flow.agree.number_binding import Binding
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screens.exceptions.screen import SCREEN, address_of
from mlconnector.web.console.visits import Acting, Visit


@SCREEN.action("ask-bind", "bind_numbers")
def ask_to_bind(at: Acting) -> Response:
    """Say to whom a number would be given, and what changes with that."""
    name, party, number = _named(at)
    seen = number_binding.would_bind(at.app.context(name), party, number)
    fields = {"connection": name, "party": party, "number": number, "cause": at.form.get("cause")}
    return at.confirmation("bind", "bind", fields, back=_back(at), facts=_facts(at, seen))


@SCREEN.action("bind", "bind_numbers")
def bind(at: Acting) -> Response:
    """Give a number to a customer or supplier."""
    name, party, number = _named(at)
    given = number_binding.bind(at.app.context(name), party, number, at.by)
    return at.done("bound", _back(at), number=given.number, party=party)


def _named(at: Visit) -> tuple[str, str, str]:
    name = at.form.get("connection")
    at.app.services.refuse_while_disconnected(name)
    return name, at.form.get("party"), at.form.get("number")


def _facts(at: Visit, seen: Binding) -> list[Fact]:
    party = seen.party
    place = ", ".join(filter(None, (party.street, party.postal_code, party.city, party.country)))
    facts = [
        Fact(at.say("label_number_to_give"), seen.number),
        Fact(at.say("label_party"), f"{party.name} ({party.external_id})"),
        Fact(at.say("label_place"), place or "–"),
    ]
    if seen.is_listed_otherwise:
        facts.append(Fact(at.say("label_listed"), seen.listed))
    if seen.merged_with is not None:
        facts.append(Fact(at.say("label_merged"), f"{seen.merged_with.name} ({seen.merged_with.party})"))
    if seen.before is not None:
        facts.append(Fact(at.say("label_number_before"), seen.before.number))
        facts.append(Fact(at.say("label_decided_anew"), ", ".join(seen.vouchers) or "–"))
    return facts


def _back(at: Visit) -> str:
    return address_of("cause", {name: at.form.get(name) for name in ("connection", "cause")})
