"""Links with which the tax adviser logs in and confirms without an account here: made, shown once, ended."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from mlconnector.flow.connect import adviser_link
from mlconnector.web.console.place import HOME
from mlconnector.web.console.screens.setup.screen import SCREEN, place
from mlconnector.web.console.visits import Acting


@SCREEN.action("invite", "invite")
def invite(at: Acting) -> Response:
    """Make a link, and show it this once."""
    name = at.form.get("connection")
    key, until = adviser_link.invite(at.app.context(name), at.by)
    public = at.app.settings.public_url.rstrip("/")
    address = f"{public}{HOME}adviser?{urlencode({'key': key})}"
    return at.shown("invited.html", name=name, address=address, until=until, back=place("connection", name))


@SCREEN.action("end-link", "invite")
def end_link(at: Acting) -> Response:
    """End a link, or the visit that it began."""
    name = at.form.get("connection")
    adviser_link.end(at.app.context(name), at.form.get("mark"), at.by)
    return at.done("link_ended", place("connection", name))
