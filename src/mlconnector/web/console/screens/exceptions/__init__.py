"""The screen Ausnahmen: why vouchers wait, with the cure in its place, and what was left out."""

from __future__ import annotations

from mlconnector.web.console.screens.exceptions import aside, cures, listing, numbers, told_apart
from mlconnector.web.console.screens.exceptions.screen import SCREEN

__all__ = ["SCREEN", "aside", "cures", "listing", "numbers", "told_apart"]
