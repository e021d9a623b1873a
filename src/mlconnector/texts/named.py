"""Names in texts: commands that a text gives with the connection and the cause left open."""

from __future__ import annotations

import re
import shlex


def for_connection(text: str, name: str, cause: str = "") -> str:
    """A text with the names that its commands leave open: the connection's, and the cause's."""
    text = re.sub(r"(ml-connector [a-z -]+) NAME\b", rf"\1 {name}", text)
    return text.replace("--cause …", f"--cause {shlex.quote(cause)}") if cause else text
