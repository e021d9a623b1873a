"""Names that things have outside: GUIDs, batch ids and file names, each derived from what it stands for.

The same thing always gets the same name, so that a repetition can be recognised by whoever receives it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

_NAMESPACE = uuid.UUID("6f1e1a0e-6c1c-5d0b-9a53-3a8f5e6d7c21")


def _named(*parts: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, "\x1f".join(parts))


def voucher_id(connection: str, identity: str) -> str:
    """Our own key of a voucher: connection, kind and external id."""
    return str(_named("voucher", connection, identity))


def entry_id(voucher: str, content_key: str) -> str:
    """Our own key of an entry: the voucher's key and what the entry books of it."""
    return str(_named("entry", voucher, content_key))


def document_guid(client: str, voucher: str, revision: str, attachment: str) -> uuid.UUID:
    """The GUID under which DATEV files a document."""
    return _named("document", client, voucher, revision, attachment)


def batch_id(client: str, period: str, data_format: str, content_keys: Iterable[str]) -> uuid.UUID:
    """The id of a batch: what it contains decides it, in whatever order it was collected."""
    return _named("batch", client, period, data_format, *sorted(content_keys))


def delivery_id(connection: str, delivery: str | None, body_hash: str) -> str:
    """The id of a webhook delivery: its own id where it has one, the hash of its body otherwise."""
    return str(_named("delivery", connection, delivery or f"body:{body_hash}"))


def extf_file_name(source: str, period: str, batch: uuid.UUID) -> str:
    """File name of an EXTF batch, e.g. `EXTF_pipedrive_2026-07_3f2a9c0d1e2f4b5c.csv`.

    At most 60 characters of `A-Za-z0-9_-`, as the header field `Filename` of the import takes them.
    """
    word = re.sub(r"[^A-Za-z0-9-]+", "-", source)[:26]
    return f"EXTF_{word}_{period}_{batch.hex[:16]}.csv"


def dxso_file_name(source: str, period: str, batch: uuid.UUID) -> str:
    """Name of a frozen DXSO package, e.g. `DXSO_pipedrive_2026-07_3f2a9c0d1e2f4b5c.zip`."""
    word = re.sub(r"[^A-Za-z0-9-]+", "-", source)[:20]
    return f"DXSO_{word}_{period}_{batch.hex[:16]}.zip"
