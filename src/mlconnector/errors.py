"""The four errors of the product, named by what happens next.

Adapters translate every outside answer into one of them; flows never look at HTTP codes.
"""

from __future__ import annotations

from mlconnector.model.problems import Problem


class ConnectorError(Exception):
    """Common ground of the four errors, so that a boundary can name them together.

    `unsent` is True when nothing was carried out of what was asked for: there was no token to send it with.
    """

    unsent = False

    @property
    def said(self) -> str:
        """What the other side, or the network, said; for people who know it."""
        return str(self)


class RetryLater(ConnectorError):
    """The same request may succeed later; nothing is wrong with what we asked.

    `after` is the least number of seconds to wait, or None where the other side did not say.
    `outcome_unknown` is True when the request may have been carried out although no answer came.
    """

    def __init__(self, reason: str, after: float | None = None, *, outcome_unknown: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.outcome_unknown = outcome_unknown


class NeedsLogin(ConnectorError):
    """The credentials are no longer accepted; somebody has to log in to `system` again."""

    def __init__(self, system: str, reason: str) -> None:
        super().__init__(f"{system}: {reason}")
        self.system = system
        self.reason = reason

    @property
    def said(self) -> str:
        """What the other side said of the credentials."""
        return self.reason


class NeedsHuman(ConnectorError):
    """Something must be decided or put right by a person; `problem` says what, and how.

    `single` is True when only the one record is concerned that was handed over, and others can go on.
    """

    def __init__(self, problem: Problem, *, single: bool = False) -> None:
        super().__init__(problem.key)
        self.problem = problem
        self.single = single

    @property
    def said(self) -> str:
        """The other side's own words where it had any, else the cause."""
        return self.problem.facts.get("answer") or self.problem.cause


class Broken(ConnectorError):
    """A bug of ours or a broken contract of the other side; repeating does not help."""
