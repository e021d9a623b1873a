"""Words of batches: what their states are called, and DATEV's answer to one that it did not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlconnector.texts import codes
from mlconnector.texts.catalogue import Explanation, sentence, word
from mlconnector.texts.codes import Code
from mlconnector.texts.language import Language

_LINES_SHOWN = 10
_NAMES_A_CODE = ("type", "error_uri", "error")


def batch_state(data_format: str, state: str, language: Language) -> str:
    """Our word for a batch's state; suggestions are never `bereitgestellt` by us, but by people."""
    own = word("suggestions", state, language) if data_format == "dxso" else state
    return own if own != state else word("batch", state, language)


def answer_lines(answer: Any, language: Language, *, most: int = _LINES_SHOWN) -> list[str]:
    """DATEV's answer about a job that failed, as it came; other answers tell nothing that is not shown.

    Of the protocol of booking suggestions these are the errors and warnings.
    """
    protocol = answer.get("protocol") if isinstance(answer, dict) else None
    if protocol:
        told = [_protocol_line(line) for line in protocol if line["kind"] != "information"]
        more = sentence("more_lines", {"count": str(len(told) - most)}, language)
        return [*told[:most], *([more] if len(told) > most else [])]
    details = _details(answer)
    lines = [f"DATEV: {details[part]}" for part in ("title", "detail", "type") if details.get(part)]
    elements = details.get("affected_elements") or []
    return lines + ["DATEV: " + ", ".join(f"{key} {value}" for key, value in one.items()) for one in elements]


def code_in(answer: Any, language: Language) -> tuple[Code, Explanation] | None:
    """The code in an answer with its words; None where it names none that is known."""
    for name in _codes(_details(answer)):
        code = codes.find(name)
        if code is not None:
            return code, codes.words(code, language)
    return None


def _codes(details: Mapping[str, Any]) -> Iterator[str]:
    for name in _NAMES_A_CODE:
        said = str(details.get(name) or "").rstrip("/").rpartition("/")[2]
        if said:
            yield said


def _details(answer: Any) -> Mapping[str, Any]:
    details = answer.get("validation_details") if isinstance(answer, dict) else None
    return details if isinstance(details, dict) else {}


def _protocol_line(line: Mapping[str, str]) -> str:
    return "DATEV: " + ": ".join(line[part] for part in ("file_name", "text", "context") if line[part])
