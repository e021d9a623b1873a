"""A command that takes long gives a sign of life on standard error, and only there."""

from __future__ import annotations

import io
import threading

import pytest

from mlconnector.commands import document, progress
from mlconnector.commands.working import keep_a_log


class Stderr(io.StringIO):
    """Standard error as a terminal, as a file, or as what a test puts in its place."""

    def __init__(self, *, terminal: bool, outside: bool = True) -> None:
        super().__init__()
        self.terminal, self.outside, self.signed = terminal, outside, threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def fileno(self) -> int:
        if not self.outside:
            raise io.UnsupportedOperation
        return 2

    def flush(self) -> None:
        self.signed.set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_AT_A_TERMINAL", 0.001)
    monkeypatch.setattr(progress, "_ELSEWHERE", 0.001)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_sign_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch, quick: None, terminal: bool) -> None:
    stderr = Stderr(terminal=terminal)
    monkeypatch.setattr("sys.stderr", stderr)
    with progress.watched() as made:
        made.vouchers = 300
        # The sign that is being given may have been written before; the one after it was not.
        for _ in range(2):
            stderr.signed.clear()
            assert stderr.signed.wait(10)
    said = stderr.getvalue()
    assert "Still working, for 0 s; vouchers read: 300" in said
    assert said.endswith("\r\x1b[K" if terminal else "\n")


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"]])
def test_nothing_is_said_into_an_answer(
    monkeypatch: pytest.MonkeyPatch, quick: None, arguments: list[str]
) -> None:
    stderr = Stderr(terminal=False, outside="--json" in arguments)
    monkeypatch.setattr("sys.stderr", stderr)
    with document.begun(arguments), progress.watched():
        assert not stderr.signed.wait(0.05)
    assert stderr.getvalue() == ""


def test_what_goes_on_until_it_is_stopped_gives_no_signs(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    stderr = Stderr(terminal=False)
    with progress.watched():
        keep_a_log()
        monkeypatch.setattr("sys.stderr", stderr)
        stderr.signed.clear()
        assert not stderr.signed.wait(0.05)
