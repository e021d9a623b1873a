"""What is printed of a login: where it can be ended, and what became of the latest attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.commands.output import named, paragraph, phrase
from mlconnector.texts.named import for_connection


def show_login_facts(name: str, one: Mapping[str, Any], indent: int = 2) -> None:
    """Print what DATEV wants its users to see of a login, as an overview has it, besides end and issuer."""
    if one["client"] and one["until"] is not None:
        paragraph(phrase("login_for_client", client=one["client"]), indent)
    if one["link"] and one["until"] is not None:
        paragraph(phrase("login_link", link=one["link"]), indent)
    if one["failure"] is not None:
        why = for_connection(one["failure"]["words"], name)
        paragraph(phrase("login_failed_line", at=one["failure"]["at"], why=why), indent)
    if one["not_revoked"]:
        paragraph(phrase("login_left", system=named("system", one["system"]), link=one["link"]), indent)
