"""What a file must be to become a document, alone or in a staple."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.standins.datev.answers import fault
from mlconnector.standins.datev.clients import Client
from mlconnector.standins.datev.uploads import (
    ANY_BELEGE_ONLINE,
    BELEGE_ONLINE_NEXT,
    LARGEST,
    LONGEST_NAME,
    STAPLED,
    Part,
    content_fits,
    extension_of,
    is_whole_pdf,
    media_type_fits,
)

MOST_FILES = 50
MOST_STAPLED = 10


def check_single(files: Sequence[Part], client: Client) -> None:
    """Refusal unless there is exactly one file and it is acceptable."""
    if not files:
        raise fault("DCO01220")
    if len(files) > 1:
        raise fault("DCO01004")
    _check(files[0], client)


def check_staple(files: Sequence[Part], client: Client) -> None:
    """Refusal unless the files can be stapled to one document."""
    if not files:
        raise fault("DCO01220")
    if len(files) > MOST_FILES:
        raise fault("DCO01127")
    if len(files) > MOST_STAPLED:
        raise fault("DCO01232")
    for part in files:
        _check(part, client)
        _check_stapleable(part)


def _check(part: Part, client: Client) -> None:
    """Refusal unless the file can be taken into the client's Belege online."""
    new = client.belege_online_next
    if part.filename is None:
        raise fault("DCO01252")
    if not part.filename:
        raise fault("DCO01233")
    if len(part.filename) > LONGEST_NAME:
        raise fault("DCO01222")
    if part.media_type is None:
        raise fault("DCO01018")
    extension = extension_of(part.filename)
    if extension not in (BELEGE_ONLINE_NEXT if new else ANY_BELEGE_ONLINE):
        raise fault("DCO01215" if new else "DCO01015")
    if len(part.content) > LARGEST:
        raise fault("DCO01216" if new else "DCO01016")
    if not media_type_fits(extension, part.media_type) or not content_fits(extension, part.content):
        raise fault("DCO01219")
    if extension == "pdf" and not is_whole_pdf(part.content):
        raise fault("DCO01245")


def _check_stapleable(part: Part) -> None:
    extension = extension_of(part.filename or "")
    content = part.content
    if extension == "xml":
        raise fault("DCO01248")
    if extension not in STAPLED:
        raise fault("DCO01251")
    if extension != "pdf":
        return
    if b"/Encrypt" in content:
        raise fault("DCO01247")
    if b"/ByteRange" in content:
        raise fault("DCO01246")
    if b"factur-x.xml" in content or b"zugferd-invoice.xml" in content.lower() or b"xrechnung.xml" in content:
        raise fault("DCO01250")
    if b"pdfaid:part" in content:
        raise fault("DCO01249")
