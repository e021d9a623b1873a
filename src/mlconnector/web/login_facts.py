"""What a page shows of a login: for whom, by whom, until when, where it is ended, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlconnector.flow.connect import standing
from mlconnector.flow.connect.standing import Login
from mlconnector.flow.connect.verification import client_name
from mlconnector.flow.context.context import Context
from mlconnector.texts import notation
from mlconnector.texts.catalogue import filled, sentence, step_cause, word
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class Known:
    """Something that is known of a connection; `link` is where it leads."""

    label: str
    text: str
    link: str = ""


def sink_facts(context: Context, language: Language) -> Iterator[Known]:
    """Client, services and login of the sink, as DATEV wants its users to see them."""
    settings = context.settings
    consultant, _, number = settings.client.partition("-")
    known = {"consultant": consultant, "number": number, "name": client_name(context)}
    yield _known("client", filled(word("connect", "client_is", language), known, language), language)
    yield _known("services", ", ".join(settings.sink_system.services(settings.sink)), language)
    login = next(one for one in standing.logins_of(context) if one.system == settings.sink_system.name)
    yield from login_facts(login, language)


def login_facts(login: Login, language: Language) -> Iterator[Known]:
    """A login, its latest failure, where people see what they allowed, and what still has to be ended."""
    if login.until is not None:
        yield _known("by", login.by or "–", language)
        yield _known("until", notation.moment(login.until, language), language)
        if login.client:
            yield _known("long_term", login.client, language)
    if login.failure is not None:
        why = step_cause(login.failure.cause, login.failure.facts, language)
        yield _known("failed", f"{notation.moment(login.failure.at, language)}: {why}", language)
    if login.link:
        yield _known("apps", login.link, language, login.link)
    if login.not_revoked:
        facts = {"system": word("system", login.system, language), "link": login.link}
        yield _known("left", sentence("login_left", facts, language), language)


def _known(key: str, text: str, language: Language, link: str = "") -> Known:
    return Known(word("connect", key, language), text, link)
