"""What a problem says on a page: commands that the page has a button for are called as the button is."""

from __future__ import annotations

import re
from dataclasses import replace

from mlconnector.texts.catalogue import Explanation
from mlconnector.texts.named import for_connection
from mlconnector.web.console.pages import Say

_COMMAND = re.compile(
    r"`ml-connector (connect|replay|ignore|booked-by-hand|unignore|distinct|numbers bind|inbox|preview)"
    r"\b[^`]*`"
)
_THE_FILE = re.compile(r"in der TOML-Datei der Verbindung|(?:in|to) the connection's TOML file")
_OF_MAPPING = re.compile(
    r"\[mapping\.(revenue|expense|tax_case|cost_centre_[12]|payments)\]|ml-connector (confirm|rules)"
)


def on_a_page(words: Explanation, connection: str, cause: str, say: Say) -> Explanation:
    """The words of a problem, with the buttons of the page in place of the commands."""

    def told(text: str) -> str:
        titled = _COMMAND.sub(
            lambda found: say(f"named_{found[1].replace('-', '_').replace(' ', '_')}"), text
        )
        return for_connection(_THE_FILE.sub(say("in_the_file"), titled), connection, cause)

    return replace(words, what=told(words.what), why=told(words.why), do=_ended(told(words.do)))


def _ended(text: str) -> str:
    """A sentence to its end: after a command none stands, after a button it does."""
    return f"{text}." if text.endswith(("“", "”")) else text


def is_of_mapping(words: Explanation) -> bool:
    """Whether the cure is something that a connection has agreed on: accounts, tax cases, cost centres."""
    return _OF_MAPPING.search(words.do) is not None


def is_of_settings(words: Explanation) -> bool:
    """Whether the cure stands elsewhere in the settings of a connection."""
    return "ml-connector connect" in words.do and not is_of_mapping(words)
