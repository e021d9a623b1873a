"""Wording: a message about several matters, as plain text and as Markdown; nothing of it comes from outside.

What vouchers, customers and outside systems say stays out: a message may be read by more people than may see
it in the console, where each line leads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mlconnector.flow.notify.matters import Matter
from mlconnector.texts.catalogue import explain_in_general, notice, word
from mlconnector.texts.language import Language

MOST_LINES = 20
_MARKUP = re.compile(r"([\\`*_\[\]#|~])")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, the page of the console that shows it, and what it is for a program."""

    text: str
    link: str
    occasion: str = ""
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a place: a title, lines, a last word, and what its links are called."""

    title: str
    lines: tuple[Line, ...]
    end: str
    link_title: str


def message(found: Sequence[Matter], place: str, public_url: str, language: Language) -> Message:
    """The message about some matters, of which the most urgent come first."""
    shown = [
        Line(sentence(one, language), public_url.rstrip("/") + page_of(one), one.occasion, one.connection)
        for one in found[:MOST_LINES]
    ]
    if len(found) > len(shown):
        more = notice("more", {"count": str(len(found) - len(shown))}, language)
        shown.append(Line(more, f"{public_url.rstrip('/')}/console/"))
    title = notice(f"title_{found[0].occasion}", {"count": str(len(found) - 1)}, language)
    if len(found) > 1:
        title += notice("title_more", {"count": str(len(found) - 1)}, language)
    return Message(title, tuple(shown), _end(place, public_url, language), notice("link", {}, language))


def trial(place: str, public_url: str, language: Language) -> Message:
    """The message that tries a place."""
    line = Line(notice("trial", {}, language), f"{public_url.rstrip('/')}/console/", "trial")
    end, link = _end(place, public_url, language), notice("link", {}, language)
    return Message(notice("title_trial", {}, language), (line,), end, link)


def sentence(one: Matter, language: Language) -> str:
    """What is told of a matter."""
    facts = {**one.facts, "connection": one.connection}
    if one.occasion == "new_cause":
        facts["what"] = explain_in_general(one.subject, language).what
    if "wanted" in facts:
        facts["wanted"] = word("approval", facts["wanted"], language)
    if "part" in facts:
        facts["part"] = word("batch", facts["part"], language)
    return notice(one.occasion, facts, language)


def page_of(one: Matter) -> str:
    """The page of the console that shows a matter, below the address of the installation."""
    connection = urlencode({"connection": one.connection})
    match one.occasion:
        case "batch_rejected":
            return f"/console/batches/batch?{urlencode({'name': one.subject})}"
        case "approval_asked" if one.facts["batch"]:
            return f"/console/batches/batch?{urlencode({'name': one.facts['batch']})}"
        case "approval_asked":
            return f"/console/preview/release?{connection}"
        case "new_cause":
            return f"/console/exceptions?{connection}"
        case "silent":
            return f"/console/check/result?{connection}"
        case "month":
            return f"/console/batches?{connection}"
        case _:
            return f"/console/connections/connection?{connection}"


def plain(said: Message) -> str:
    """The message as plain text, without its title."""
    return "\n\n".join([*(f"- {line.text}\n  {line.link}" for line in said.lines), said.end])


def markdown(said: Message) -> str:
    """The same as Markdown in which only our own links have a meaning."""
    lines = [f"- {_escaped(line.text)} [{said.link_title}]({line.link})" for line in said.lines]
    return "\n".join([*lines, "", _escaped(said.end)])


def _end(place: str, public_url: str, language: Language) -> str:
    return notice("end", {"place": place, "address": public_url}, language)


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", text)
