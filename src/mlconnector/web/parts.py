"""What every endpoint works with, and how it comes by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from mlconnector.app import Application
from mlconnector.web.figures import Figures

WHO = "api"
"""Who acts where a program does by the token of the API, in the audit trail."""


class Work(Protocol):
    """What the web asks of the workflows of its process."""

    def start_run(self, name: str, trigger: str) -> str:
        """Begin a run of a connection; returns its id."""

    def start_load(self, load: str = "") -> None:
        """Have tables loaded: what is new, or once more the load that is named."""

    def is_loading(self) -> bool:
        """Whether tables are loaded, or about to be."""

    def nudge(self, name: str) -> None:
        """See to it that the hints in a connection's inbox are taken."""

    def is_busy(self, name: str) -> bool:
        """Whether a run, a delivery or a following of a connection is under way."""

    def resume(self, name: str) -> list[str]:
        """See to it that every unfinished batch of a connection is worked on."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The opened installation, the workflows (None where another process works), and the figures."""

    application: Application
    work: Work | None
    figures: Figures


def parts_of(request: Request) -> Parts:
    """The parts of the application that a request came to."""
    parts: Parts = request.app.state.parts
    return parts


Web = Annotated[Parts, Depends(parts_of)]
