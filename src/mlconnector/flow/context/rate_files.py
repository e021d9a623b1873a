"""Newer rates that the installation's settings name as files, beside those that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mlconnector.mapping.eu_rates import RatePeriod, read_rates
from mlconnector.mapping.reference_rates import ReferenceRange, read_ranges
from mlconnector.settings import Settings, UnreadableSettings

Row = TypeVar("Row")
Stamp = tuple[tuple[str, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class RateFiles:
    """VAT rates of the member states, and ranges of reference rates, that go before the shipped ones."""

    vat_rates: tuple[RatePeriod, ...] = ()
    reference_rates: tuple[ReferenceRange, ...] = ()


def read_rate_files(settings: Settings) -> RateFiles:
    """The rates in the files. Raises UnreadableSettings with the line that is wrong."""
    return RateFiles(
        _rows(settings.vat_rates, "vat_rates", read_rates),
        _rows(settings.reference_rates, "reference_rates", read_ranges),
    )


def stamp(settings: Settings) -> Stamp:
    """Something that changes whenever one of the files does, and is cheap to ask for."""
    return tuple(_stamp(file) for file in (settings.vat_rates, settings.reference_rates))


def _stamp(file: Path | None) -> tuple[str, int, int] | None:
    try:
        found = None if file is None else file.stat()
    except OSError:
        return str(file), 0, 0
    return found and (str(file), found.st_mtime_ns, found.st_size)


def _rows(file: Path | None, setting: str, read: Callable[[str], tuple[Row, ...]]) -> tuple[Row, ...]:
    if file is None:
        return ()
    try:
        return read(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableSettings(setting, None, f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableSettings(setting, None, f"{file} is not text in UTF-8") from error
    except ValueError as error:
        raise UnreadableSettings(setting, None, f"{file}, {error}") from error
