"""Screens: what a module of `screens/` says of itself, and how it declares its pages and actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from mlconnector.flow.people.roles import Verb
from mlconnector.web.console import access
from mlconnector.web.console.place import HOME

Handler = TypeVar("Handler", bound=Callable[..., Response])
Taken = Verb | None


@dataclass(frozen=True)
class Screen:
    """One screen: its texts are `texts/console/NAME.toml` (with `title`), its templates `templates/NAME/`.

    `order` is its place among the areas; 0 for one that no area leads to. `verb` is what it takes to see it;
    None where nobody has to be logged in. `path` stands below `/console/`. Its help is
    `help/NAME.<language>.md`.
    """

    name: str
    order: int
    verb: Taken
    path: str
    has_help: bool = True
    takes: dict[tuple[str, str], Taken] = field(default_factory=dict)
    bodies: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "router", APIRouter(dependencies=[Depends(self._here)]))

    router: APIRouter = field(init=False, repr=False)

    @property
    def home(self) -> str:
        """The address of its first page."""
        return HOME + self.path

    def address(self, path: str) -> str:
        """The address of one of its pages or actions."""
        return self.home + (f"/{path}" if path and self.path else path)

    def page(self, path: str = "", verb: Taken = None) -> Callable[[Handler], Handler]:
        """A page of the screen, for whoever has the verb of the screen, or this one."""
        return self._route("GET", path, verb or self.verb)

    def action(self, path: str, verb: Verb, *, largest: int = 0) -> Callable[[Handler], Handler]:
        """Something that a form of the screen does; `largest` is how large its files may be.

        Whoever has not the verb, or does not send the token of the session, is refused before.
        """
        if largest:
            self.bodies[self.address(path)] = largest
        return self._route("POST", path, verb, Depends(access.checked_form))

    def open_action(self, path: str) -> Callable[[Handler], Handler]:
        """Something that a form does for whoever is not logged in."""
        return self._route("POST", path, None, Depends(access.fields_of))

    def _route(self, method: str, path: str, verb: Taken, *more: object) -> Callable[[Handler], Handler]:
        address = self.address(path)
        self.takes[method, address] = verb
        needs = [Depends(access.allowed(verb))] if verb else []

        def declare(handler: Handler) -> Handler:
            self.router.add_api_route(
                address,
                handler,
                methods=[method],
                status_code=HTTPStatus.OK,
                dependencies=[*needs, *more],  # type: ignore[list-item]
                include_in_schema=False,
                response_model=None,
            )
            return handler

        return declare

    def _here(self, request: Request) -> None:
        request.state.screen = self
