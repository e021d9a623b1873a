"""The screen Nachweis: finding anything, stories, the audit trail with its proof, how all of it is done."""

from mlconnector.web.console.screens.evidence import procedure, search, story, trail
from mlconnector.web.console.screens.evidence.screen import SCREEN

__all__ = ["SCREEN", "procedure", "search", "story", "trail"]
