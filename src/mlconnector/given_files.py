"""Files that people give, read no further than their kind needs.

A path may lead to anything: to a copy of a whole disk, or to what has no end.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

LARGEST_TEXT = 1024 * 1024
"""Bytes of settings, credentials or keys; the longest connection file has some hundred thousand."""


def given_bytes(file: Path, most: int = LARGEST_TEXT) -> bytes:
    """The bytes of a file; `-` is standard input. Raises OSError, also where there are more than `most`."""
    if str(file) == "-":
        content = sys.stdin.buffer.read(most + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(file))
    return content


def given_text(file: Path) -> str:
    """The text of a file in UTF-8; `-` is standard input. Raises OSError or UnicodeDecodeError."""
    return given_bytes(file).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
