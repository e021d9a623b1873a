"""The screen Buchungsvorschau: the Buchungsliste, why each field has its value, and the release."""

from __future__ import annotations

from mlconnector.web.console.screens.preview import listing, release, voucher
from mlconnector.web.console.screens.preview.screen import SCREEN

__all__ = ["SCREEN", "listing", "release", "voucher"]
