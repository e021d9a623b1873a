"""A sign of life on standard error while a command takes long and has nothing to say yet."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlconnector.commands import document
from mlconnector.environment import spoken
from mlconnector.texts.catalogue import sentence

_FIRST_SECONDS = 1.5
_AT_A_TERMINAL, _ELSEWHERE = 0.5, 15.0
_TO_THE_START = "\r\x1b[K"


@dataclass
class Progress:
    """How far a command is; `vouchers` is how many it has read, None where it does not say so."""

    vouchers: int | None = None
    _quiet_since: float = field(default_factory=time.monotonic)
    _began: float = field(default_factory=time.monotonic)
    _shown: bool = False
    _done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spoken(self) -> None:
        """Something was said: take the sign back, and be quiet for a while."""
        with self._lock:
            if self._shown and sys.stderr.isatty():
                sys.stderr.write(_TO_THE_START)
            self._shown = False
            self._quiet_since = time.monotonic()

    def stop(self) -> None:
        """Give no more signs: the command is done, or goes on until somebody stops it."""
        self._done.set()

    def watch(self) -> None:
        """Give signs until the command is done."""
        done = self._done
        terminal = sys.stderr.isatty()
        if not terminal and (document.current().wanted or not _is_a_file()):
            return
        while not done.wait(_AT_A_TERMINAL if terminal or not self._shown else _ELSEWHERE):
            with self._lock:
                if time.monotonic() - self._quiet_since < _FIRST_SECONDS or done.is_set():
                    continue
                text = self._text()
                sys.stderr.write(f"{_TO_THE_START}{text}" if terminal else f"{text}\n")
                sys.stderr.flush()
                self._shown = True

    def _text(self) -> str:
        seconds = f"{time.monotonic() - self._began:.0f}"
        vouchers = "" if self.vouchers is None else str(self.vouchers)
        return sentence("still_working", {"seconds": seconds, "vouchers": vouchers}, spoken())


def _is_a_file() -> bool:
    """Whether standard error goes outside; what stands for it within a process is read as an answer."""
    try:
        sys.stderr.fileno()
    except OSError:
        return False
    return True


_current = Progress()


def current() -> Progress:
    """The progress of the command that is under way."""
    return _current


@contextmanager
def watched() -> Iterator[Progress]:
    """The progress of a command, with signs of life until the block ends."""
    global _current  # noqa: PLW0603 - one command is under way in a process, and everything it calls prints
    before, _current = _current, Progress()
    watcher = threading.Thread(target=_current.watch, name="progress", daemon=True)
    watcher.start()
    try:
        yield _current
    finally:
        _current.stop()
        watcher.join()
        _current.spoken()
        _current = before
