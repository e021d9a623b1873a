"""Files as they come from a source: may DATEV have them, under which name, and are they e-invoices?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mlconnector.formats.document_check import inspect
from mlconnector.formats.document_names import LARGEST, document_file_name
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.invoice import Examination
from mlconnector.model.problems import Problem


@dataclass(frozen=True, slots=True)
class Checked:
    """A file under the name that it is filed with; `problem` says why it cannot be filed."""

    file_name: str
    problem: Problem | None
    examination: Examination


def check_file(
    file_name: str, media_type: str, content: bytes, allowed_extensions: Collection[str], *, rules: bool
) -> Checked:
    """Check one file; `rules` asks for the rules of EN 16931 where it is an e-invoice.

    DATEV refuses a file whose content is not what its ending says, so an e-invoice gets the ending that its
    content has. The content itself is never touched.
    """
    name = document_file_name(file_name)
    if not 0 < len(content) <= LARGEST:
        return Checked(name, inspect(name, media_type, content, allowed_extensions), Examination("none"))
    examination = examine(content, rules=rules)
    if examination.is_einvoice:
        name = _with_ending(name, "pdf" if examination.form == "hybrid" else "xml")
    problem = inspect(name, media_type, content, allowed_extensions) or _problem_of(name, examination)
    if examination.form == "xml" and problem is not None and problem.key == "document_type_forbidden":
        facts = {"file_name": name, "allowed": problem.facts["allowed"]}
        problem = Problem("einvoice_not_taken", facts, ("allowed",))
    return Checked(name, problem, examination)


def _problem_of(name: str, examination: Examination) -> Problem | None:
    if examination.several:
        return Problem("einvoice_several", {"file_name": name, "invoices": "; ".join(examination.several)})
    if examination.unseen:
        return Problem("document_not_examined", {"file_name": name, "reason": examination.unseen})
    return None


def _with_ending(name: str, ending: str) -> str:
    return name if name.lower().endswith(f".{ending}") else document_file_name(f"{name}.{ending}")
