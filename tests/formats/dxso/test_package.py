from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from mlconnector.formats.dxso import (
    TooLarge,
    Unreadable,
    concerned,
    document_file,
    freeze,
    image_guid,
    image_of,
    limit,
    package_of,
    packed,
    split,
    thaw,
)
from mlconnector.formats.dxso.package import MANIFEST
from mlconnector.formats.dxso.xml import parse
from mlconnector.model.entries import Entry, reversed_entry
from tests.formats.dxso.examples import (
    CLIENT,
    CREATED_AT,
    bill,
    entry,
    guid,
    made,
    november,
    package,
    purchases,
)

WITH_DOCUMENT = entry(document=guid("1"))


def test_a_frozen_package_is_the_same_bytes_and_comes_back_as_it_was() -> None:
    first, again = package(november()), package(november())
    assert freeze(first) == freeze(again)
    assert thaw(freeze(first)) == first


def test_frozen_bytes_are_a_zip_that_anybody_can_open() -> None:
    given = package(november())
    with zipfile.ZipFile(io.BytesIO(freeze(given))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [MANIFEST, *(each.ledger_file for each in given.documents)]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        # the same on every system, and readable where it is unpacked
        systems = {(info.create_system, info.external_attr >> 16) for info in archive.infolist()}
        assert systems == {(3, 0o644)}


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", freeze(package(november()))[:-30]])
def test_other_bytes_are_no_package(content: bytes) -> None:
    with pytest.raises(Unreadable):
        thaw(content)


def test_a_package_of_another_format_is_not_guessed_at() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(MANIFEST, b'{"format":2}')
    with pytest.raises(Unreadable):
        thaw(target.getvalue())


def test_the_folder_is_filled_in_once_datev_has_named_it() -> None:
    frozen = freeze(package(purchases()))
    root = parse(document_file(thaw(frozen), "Rechnungseingang Süd & Co"))
    values = {each.get("key"): each.get("value") for each in root.iter("{*}property")}
    assert values == {"1": "2026-11", "3": "Rechnungseingang Süd & Co"}
    assert {each.get("type") for each in root.iter("{*}document")} == {"1"}
    assert all("processID" not in each.attrib for each in root.iter("{*}document"))


def test_the_moment_of_creation_has_no_zone_and_no_fraction() -> None:
    file = made(entry())
    at = datetime(2026, 11, 30, 18, 30, 1, 999, tzinfo=UTC)
    given = package_of([(packed(entry(), file), file)], client=CLIENT, account_length=4, created_at=at)
    assert b"<date>2026-11-30T18:30:01</date>" in document_file(given, "Ausgangsrechnungen")


def test_documents_can_be_filed_where_the_client_wants_them() -> None:
    root = parse(
        document_file(package([entry()]), "Ausgangsrechnungen", levels=("ml-connector", "Rechnungen", "11"))
    )
    levels = [(each.get("id"), each.get("name")) for each in root.iter("{*}level")]
    assert levels == [("1", "ml-connector"), ("2", "Rechnungen"), ("3", "11")]


class TestGuids:
    """Belege online skips a document whose GUID it has, and its booking with it."""

    def test_the_first_booking_of_a_revision_takes_its_document_along(self) -> None:
        assert image_guid(WITH_DOCUMENT) == guid("1")

    def test_a_reversal_takes_none_along(self) -> None:
        back = reversed_entry(WITH_DOCUMENT, revision="r2", turn=1)
        assert back.document is not None
        (document,) = package([back]).documents
        assert (document.guid, document.images) == (None, ())

    def test_a_further_booking_of_the_same_revision_has_its_own(self) -> None:
        again = entry(document=guid("1"), turn=2)
        assert image_guid(again) not in {None, guid("1")}
        assert image_guid(again) == image_guid(again)
        (document,) = package([again]).documents
        assert document.images[0].document == guid("1")

    def test_a_document_whose_image_is_not_sent_has_none_because_datev_would_not_use_it(self) -> None:
        assert packed(WITH_DOCUMENT, made(WITH_DOCUMENT)).guid is None

    def test_without_a_document_there_is_no_guid(self) -> None:
        assert image_guid(entry()) is None
        assert package([entry()]).documents[0].guid is None


@pytest.mark.parametrize(
    ("file_name", "ending"), [("Rechnung.PDF", ".pdf"), ("a.b.tiff", ".tiff"), ("rechnung.xml", "_2.xml")]
)
def test_images_are_named_like_their_ledger_file(file_name: str, ending: str) -> None:
    file = made(WITH_DOCUMENT)
    image = image_of(WITH_DOCUMENT, file, file_name=file_name, media_type="x/y", size=1, sha256="")
    assert image is not None
    assert image.file_name == file.name.removesuffix(".xml") + ending


@pytest.mark.parametrize("file_name", ["Rechnung", "a.", "a.p/df"])
def test_an_image_needs_an_extension(file_name: str) -> None:
    with pytest.raises(ValueError, match="extension"):
        image_of(
            WITH_DOCUMENT,
            made(WITH_DOCUMENT),
            file_name=file_name,
            media_type="",
            size=1,
            sha256="",
        )


@pytest.mark.parametrize(
    "entries", [[], [entry(), bill()], [entry(), entry(revision="r2", document_date=date(2026, 12, 1))]]
)
def test_a_package_is_one_ledger_and_one_month(entries: list[Entry]) -> None:
    with pytest.raises(ValueError, match="one ledger and one month"):
        package(entries)


def test_no_two_files_of_a_package_have_the_same_name() -> None:
    with pytest.raises(ValueError, match="are called"):
        package([entry(), entry()])


def test_entries_are_split_by_month_and_ledger() -> None:
    late = entry(document_date=date(2026, 10, 31), revision="r9")
    jobs = split([entry(), bill(), late, entry(revision="r2")])
    assert [(job.month, job.ledger, len(job.entries)) for job in jobs] == [
        ("2026-10", "receivable", 1),
        ("2026-11", "payable", 1),
        ("2026-11", "receivable", 2),
    ]


def test_documents_are_shared_out_within_the_limits() -> None:
    pairs = []
    for number in range(5):
        one = entry(revision=str(number), document=guid(str(number)))
        file = made(one)
        image = image_of(one, file, file_name="a.pdf", media_type="", size=1000, sha256="")
        assert image is not None
        pairs.append((packed(one, file, [image]), file))
    size = 1000 + len(pairs[0][1].content)
    assert [len(group) for group in limit(pairs, max_documents=2)] == [2, 2, 1]
    assert [len(group) for group in limit(pairs, max_bytes=3 * size)] == [3, 2]
    assert [pair for group in limit(pairs, max_documents=2) for pair in group] == pairs
    assert list(limit([])) == []
    with pytest.raises(TooLarge, match="invoice/1@0:original:1"):
        list(limit(pairs, max_bytes=size - 1))


def test_a_line_of_the_protocol_is_put_to_the_documents_it_names() -> None:
    given = package(november())
    first = given.documents[0]
    assert first.guid is not None
    assert concerned(given, first.ledger_file, "") == (first,)
    assert concerned(given, first.images[0].file_name, "") == (first,)
    assert concerned(given, "document.xml", f"Beleg-ID Nr. {first.guid.hex.upper()}") == (first,)
    assert concerned(given, "document.xml", f"Beleg-ID Nr. {first.guid}") == (first,)
    assert concerned(given, "document.xml", "") == given.documents
    assert concerned(given, "", "") == ()
    assert concerned(given, "other.xml", "") == ()


def test_the_size_counts_images_too() -> None:
    given = package([WITH_DOCUMENT])
    assert given.size == sum(map(len, given.files.values())) + given.images[0].size
    assert given.created_at == CREATED_AT.replace(tzinfo=None)
