from __future__ import annotations

from collections.abc import Callable

import pytest

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.formats.document_names import LARGEST
from mlconnector.systems.kit.invoice_files import (
    PDF,
    Candidate,
    FileRule,
    chosen,
    downloaded,
    media_type,
    nothing_found,
)

RULE = FileRule(pattern="(?i)rechnung", ignore="(?i)angebot", missing="hold")


class NotThere(Broken):
    pass


def file(name: str, size: int | None = None, hindrance: str = "") -> Candidate:
    return Candidate(name, name, media_type(name), size, hindrance)


def names(*files: Candidate) -> list[str]:
    found, problems = chosen(files, RULE, "Dach")
    assert not problems
    return [each.file_name for each in found]


@pytest.mark.parametrize(
    ("name", "kind"), [("a.PDF", PDF), ("a.xml", "application/xml"), ("a.docx", ""), ("a", "?"), ("", "?")]
)
def test_a_file_is_what_the_ending_of_its_name_says(name: str, kind: str) -> None:
    assert media_type(name, without_ending="?") == kind


def test_files_that_are_called_an_invoice_are_preferred() -> None:
    assert names(file("Foto.pdf"), file("Rechnung 7.pdf")) == ["Rechnung 7.pdf"]


def test_of_other_files_those_that_are_something_else_by_name_are_left_out() -> None:
    assert names(file("Angebot.pdf"), file("4711.pdf")) == ["4711.pdf"]
    assert names(file("Angebot.pdf")) == []


def test_one_pdf_and_one_xml_are_an_e_invoice_and_its_picture() -> None:
    assert names(file("4711.xml"), file("4711.pdf")) == ["4711.pdf", "4711.xml"]


@pytest.mark.parametrize("second", ["b.pdf", "a.xml"])
def test_several_files_are_left_to_a_human(second: str) -> None:
    others = (file("a.xml"), file(second), file("b.pdf"))[: 3 if second == "a.xml" else 2]
    ambiguous = (file("a.pdf"), *others)
    found, problems = chosen(ambiguous, RULE, "Dach")
    assert found == ()
    assert problems[0].key == "document_ambiguous"
    assert problems[0].facts["files"] == ", ".join(each.name for each in ambiguous)


def test_a_file_that_cannot_be_taken_is_named_where_it_is_called_an_invoice() -> None:
    hindered = file("Rechnung.docx", hindrance="document_type_forbidden")
    found, problems = chosen([file("Angebot.pdf"), hindered], RULE, "Dach")
    assert found == ()
    assert [(each.key, each.facts) for each in problems] == [
        ("document_type_forbidden", {"title": "Dach", "file": "Rechnung.docx"})
    ]
    assert names(hindered, file("4711.pdf")) == ["4711.pdf"]


def test_a_file_that_is_known_to_be_too_large_is_told_at_once() -> None:
    assert chosen([file("a.pdf", LARGEST)], RULE, "Dach")[1] == []
    found, problems = chosen([file("a.pdf", LARGEST + 1)], RULE, "Dach")
    assert len(found) == 1
    assert problems[0].key == "document_too_large"


def test_without_a_file_the_rule_says_whether_a_human_is_asked() -> None:
    assert [each.key for each in nothing_found(RULE, "Dach")] == ["document_missing"]
    assert nothing_found(RULE.model_copy(update={"missing": "render"}), "Dach") == []


def missing() -> bytes:
    raise NotThere("404")


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (missing, "document_gone"),
        (lambda: None, "document_too_large"),
        (lambda: b"12345", "document_too_large"),
        (lambda: b"", "document_empty"),
    ],
)
def test_a_download_that_brings_no_file_is_told(read: Callable[[], bytes | None], key: str) -> None:
    with pytest.raises(NeedsHuman) as raised:
        downloaded("note:1", 4, read, NotThere)
    assert raised.value.problem.key == key
    assert raised.value.problem.facts == {"file": "note:1", "limit": "4"}


def test_a_download_brings_the_bytes_and_lets_other_errors_through() -> None:
    assert downloaded("note:1", 4, lambda: b"1234", NotThere) == b"1234"
    with pytest.raises(Broken, match="404"):
        downloaded("note:1", 4, missing, type("Other", (Broken,), {}))
