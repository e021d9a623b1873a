"""Codes that all of DATEV's formats use (`codes.toml`): countries and currencies."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

# What is written instead of the code: the abbreviation of the name, and the prefix of VAT ids of Greece.
_MEANT: Mapping[str, str] = {"UK": "GB", "EL": "GR"}


@cache
def currencies() -> frozenset[str]:
    """Currencies that DATEV takes and that are, or until lately were, in use."""
    return frozenset(_codes()["currencies"].split())


@cache
def countries() -> frozenset[str]:
    """Countries that DATEV takes."""
    return frozenset(_codes()["countries"].split())


def country_meant(code: str) -> str:
    """The country code that somebody meant who wrote this one, which is none; empty where nobody can say."""
    return _MEANT.get(code, "")


@cache
def _codes() -> Mapping[str, str]:
    return tomllib.loads((files(__package__) / "codes.toml").read_text(encoding="utf-8"))
