"""Visits: everything that a page or an action works with, for somebody who is logged in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, get_args

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from mlconnector.app import Application
from mlconnector.flow.people import sessions
from mlconnector.flow.people.sessions import Session
from mlconnector.texts.catalogue import console_text
from mlconnector.texts.language import Language
from mlconnector.web.console import access
from mlconnector.web.console.access import Form
from mlconnector.web.console.pages import Fact, Frame, Say, Viewer, Written, shown, speaker
from mlconnector.web.console.place import Paging, Place, paging, place_of
from mlconnector.web.console.screen import Screen
from mlconnector.web.parts import Parts, parts_of
from mlconnector.web.speech import language_of


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody to a screen; `form` is empty but in an action."""

    parts: Parts
    screen: Screen
    session: Session
    viewer: Viewer
    frame: Frame
    form: Form

    @property
    def app(self) -> Application:
        """The opened installation."""
        return self.parts.application

    @property
    def by(self) -> str:
        """Who acts, for the audit trail."""
        return self.session.user.name

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.viewer.language

    @property
    def place(self) -> Place:
        """The address, with its parameters."""
        return self.frame.place

    @property
    def say(self) -> Say:
        """What says the texts of the screen."""
        return speaker(self.screen.name, self.language)

    @property
    def written(self) -> Written:
        """Numbers and days as the page writes them."""
        return Written(self.language)

    def asked(self, name: str) -> str:
        """A parameter of the address; empty where there is none."""
        return self.place.asked(name)

    def home_of(self, screen: str) -> str:
        """The address of another screen; empty where there is none."""
        return next((one.home for one in self.frame.areas if one.name == screen), "")

    def paging(self, total: int) -> Paging:
        """The page of a list that was asked for."""
        return paging(self.place, total)

    def shown(self, template: str, /, status: HTTPStatus = HTTPStatus.OK, **more: object) -> Response:
        """A page from a template of the screen; what the visitor is to be told once, it tells."""
        if self.session.notice:
            sessions.leave_notice(self.app.services, self.session, "")
        return shown(f"{self.screen.name}/{template}", self.viewer, self.frame, status, **more)

    def done(self, key: str, to: str = "", /, **facts: object) -> Response:
        """Lead on after an action, to a page that says once what was done; the first one without `to`."""
        told = {name: str(value) for name, value in facts.items()}
        notice = json.dumps([self.screen.name, key, told], ensure_ascii=False)
        sessions.leave_notice(self.app.services, self.session, notice)
        return to_place(to or self.screen.home)

    def confirmation(
        self,
        key: str,
        action: str,
        fields: Mapping[str, str],
        *,
        back: str = "",
        facts: Sequence[Fact] = (),
        with_reason: bool = False,
        **said: object,
    ) -> Response:
        """A page that asks before something that cannot be undone, and whose button does it.

        Its texts are `confirm_KEY`, `confirm_KEY_text` and `confirm_KEY_button`; `fields` go with the form,
        and a `reason` where one has to be given.
        """
        more = {"key": f"confirm_{key}", "action": self.screen.address(action), "fields": dict(fields)}
        asked = {"facts": facts, "with_reason": with_reason, "back": back or self.screen.home, "said": said}
        return shown("confirm.html", self.viewer, self.frame, HTTPStatus.OK, **more, **asked)


def visit_of(request: Request, session: access.MaybeSession) -> Visit:
    """The visit of somebody who is logged in. Raises Refused."""
    if session is None:
        raise access.Refused("logged_out")
    viewer, screen = viewer_of(request, session), request.state.screen
    return Visit(parts_of(request), screen, session, viewer, frame_of(request, session, viewer), Form())


def acting(visit: Annotated[Visit, Depends(visit_of)], form: access.Checked) -> Visit:
    """The visit of somebody who has sent a form. Raises Refused."""
    return Visit(visit.parts, visit.screen, visit.session, visit.viewer, visit.frame, form)


At = Annotated[Visit, Depends(visit_of)]
Acting = Annotated[Visit, Depends(acting)]


def viewer_of(request: Request, session: Session | None) -> Viewer:
    """Who sees a page, and in which language: the one that the user has chosen, else that of the browser."""
    language: Language = language_of(request)
    if session is None:
        return Viewer(language)
    user = session.user
    chosen = next((one for one in get_args(Language) if one == user.language), language)
    return Viewer(chosen, user.name, user.role, session.form_token)


def frame_of(request: Request, session: Session | None, viewer: Viewer) -> Frame:
    """What stands around a page."""
    screen: Screen | None = getattr(request.state, "screen", None)
    place = place_of(request.url.path, request.url.query)
    areas = request.app.state.areas
    notice = _notice(session.notice, viewer.language) if session is not None and session.notice else ""
    return Frame(screen.name if screen is not None else "common", areas, place, notice)


def to_place(place: str) -> Response:
    """Lead to a place; after a form, the browser asks for it anew, so that nothing is sent twice."""
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


def _notice(kept: str, language: Language) -> str:
    screen, key, facts = _read(kept)
    return console_text(screen, key, facts, language)


def _read(kept: str) -> tuple[str, str, dict[str, str]]:
    read: Any = json.loads(kept)
    screen, key, facts = read
    return screen, key, facts
