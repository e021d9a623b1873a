"""Stopping: a process ends between two steps, and wakes up what only sleeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(BaseException):
    """The process ends: nothing failed, and the workflow goes on where it was, here or elsewhere.

    It is no Exception, because nobody but the engine may take it for the outcome of a workflow.
    """


class Stopping:
    """Whether a process is about to end, and which steps are being done until then."""

    def __init__(self) -> None:
        self._ends = threading.Event()
        self._idle = threading.Condition()
        self._at_work = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A step that is waited for when the process ends. Raises Stopped when it is about to."""
        with self._idle:
            if self._ends.is_set():
                raise Stopped
            self._at_work += 1
        try:
            yield
        finally:
            with self._idle:
                self._at_work -= 1
                self._idle.notify_all()

    def begin(self) -> None:
        """Let steps begin, again or for the first time."""
        self._ends.clear()

    def sleep(self, seconds: float) -> None:
        """Sleep. Raises Stopped when the process ends meanwhile."""
        if self._ends.wait(max(seconds, 0.0)):
            raise Stopped

    @property
    def over(self) -> bool:
        """Whether the process is about to end."""
        return self._ends.is_set()

    def doze(self, seconds: float) -> None:
        """Sleep, no longer than until the process ends."""
        self._ends.wait(max(seconds, 0.0))

    def stop(self, seconds: float) -> None:
        """Let no further step begin, and wait for those that are being done, no longer than `seconds`."""
        self._ends.set()
        with self._idle:
            self._idle.wait_for(lambda: self._at_work == 0, seconds)
