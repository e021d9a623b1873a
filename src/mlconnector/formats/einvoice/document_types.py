"""Document types: what the type code of an e-invoice makes it; `document_types.toml` holds the codes."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from mlconnector.learnt_shapes import learnt


class DocumentType(msgspec.Struct, frozen=True):
    """What an e-invoice is by its code; `gives_back` says that its positive amounts are given back."""

    name: str
    gives_back: bool = False


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codes: tuple[str, ...]
    gives_back: bool = False


UNKNOWN = DocumentType("unknown")


def document_type(code: str) -> DocumentType:
    """The type that a code stands for; `UNKNOWN` for one that EN 16931 does not have."""
    return document_types().get(code.strip(), UNKNOWN)


@cache
def document_types() -> dict[str, DocumentType]:
    """The types by code."""
    text = files(__package__).joinpath("document_types.toml").read_text(encoding="utf-8")
    rows = msgspec.convert(tomllib.loads(text), learnt(dict[str, _Row]))
    return {code: DocumentType(name, row.gives_back) for name, row in rows.items() for code in row.codes}
