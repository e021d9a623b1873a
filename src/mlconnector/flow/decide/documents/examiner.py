"""The examiner: files from outside are parsed in a process of their own, which has time and memory limits.

A file that is made to hang or to fill the memory ends that process and no other one. It is started without
our settings, begins with the first file, and ends with us.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from tempfile import TemporaryFile
from threading import Lock, Timer
from typing import IO

import msgspec

from mlconnector.formats.einvoice.invoice import Examination
from mlconnector.learnt_shapes import learnt
from mlconnector.model.problems import Problem

SECONDS = 60.0
LENGTH = 8
_PROCESS = "mlconnector.flow.decide.documents.examiner_process"
_LAST_WORDS = 300


class Question(msgspec.Struct, frozen=True):
    """A file to be checked; without content, whether the rules of EN 16931 can be applied at all."""

    file_name: str = ""
    media_type: str = ""
    content: bytes | None = None
    allowed_extensions: tuple[str, ...] = ()
    rules: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What was found out; `version` is that of Saxon, `missing` why there are no rules."""

    file_name: str = ""
    problem: Problem | None = None
    examination: Examination | None = None
    version: str = ""
    missing: str = ""


class NotExamined(Exception):
    """The examination came to no end; the text says why."""


class Examiner:
    """Asks the examiner's process, one question at a time, and starts it anew when it has died."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def check(
        self, file_name: str, media_type: str, content: bytes, allowed: Collection[str], *, rules: bool
    ) -> tuple[str, Problem | None, Examination]:
        """Check a file as `formats.einvoice.files.check_file` does. Raises NotExamined."""
        answer = self._ask(Question(file_name, media_type, content, tuple(allowed), rules))
        return answer.file_name, answer.problem, answer.examination or Examination("none")

    def try_rules(self) -> tuple[str, str]:
        """The version of Saxon that applies the rules of EN 16931, and why there is none."""
        answer = self._ask(Question())
        return answer.version, answer.missing

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, question: Question) -> Answer:
        asked = msgspec.msgpack.encode(question)
        with self._lock:
            process = self._running()
            late = Timer(self._seconds, process.kill)
            late.daemon = True
            late.start()
            answered = None
            try:
                answered = _exchanged(process, asked)
                if answered is None:
                    in_time = late.is_alive()
                    late_words = f"no end after {self._seconds:g} seconds"
                    raise NotExamined(self._last_words() if in_time else late_words)
            finally:
                late.cancel()
                if answered is None:
                    # Also when we were interrupted: an answer that comes now would be taken for the next one.
                    self._end()
        return msgspec.msgpack.decode(answered, type=learnt(Answer))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._complaints = TemporaryFile()  # noqa: SIM115 - it lives as long as the process
            ours = {name: value for name, value in os.environ.items() if not name.startswith("MLCONNECTOR_")}
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", _PROCESS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=ours,
                start_new_session=True,
            )
        return self._process

    def _last_words(self) -> str:
        """The last line of what the process complained of before it died."""
        if self._complaints is None:
            return ""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it ended")[-_LAST_WORDS:]

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None


def _exchanged(process: subprocess.Popen[bytes], asked: bytes) -> bytes | None:
    """The answer to a question; None when the process died of it."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise ValueError("the examiner's process was started without pipes")
    try:
        stdin.write(len(asked).to_bytes(LENGTH) + asked)
        stdin.flush()
    except BrokenPipeError:
        return None
    return read_frame(stdout)


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message of a stream, whose length stands before it; None at its end."""
    length = stream.read(LENGTH)
    if len(length) < LENGTH:
        return None
    message = stream.read(int.from_bytes(length))
    return message if len(message) == int.from_bytes(length) else None


@cache
def examiner() -> Examiner:
    """The one examiner of this process."""
    made = Examiner()
    atexit.register(made.close)
    return made
