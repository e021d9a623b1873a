"""What is printed of a login: where it can be ended, and what became of the latest attempt."""

from __future__ import annotations

from mlconnector.commands.output import for_connection, language, named, paragraph, phrase
from mlconnector.flow.connect.standing import Login
from mlconnector.texts.catalogue import step_cause


def show_login_facts(name: str, one: Login, indent: int = 2) -> None:
    """Print what DATEV wants its users to see of a login besides its end and its issuer."""
    if one.client and one.until is not None:
        paragraph(phrase("login_for_client", client=one.client), indent)
    if one.link and one.until is not None:
        paragraph(phrase("login_link", link=one.link), indent)
    if one.failure is not None:
        why = step_cause(one.failure.cause, one.failure.facts, language())
        paragraph(phrase("login_failed_line", at=one.failure.at, why=for_connection(why, name)), indent)
    if one.not_revoked:
        paragraph(phrase("login_left", system=named("system", one.system), link=one.link), indent)
