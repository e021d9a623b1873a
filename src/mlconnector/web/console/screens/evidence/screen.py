"""What the pages of the screen Nachweis belong to."""

from __future__ import annotations

from mlconnector.web.console.screen import Screen

SCREEN = Screen("evidence", order=80, verb="see", path="evidence")
