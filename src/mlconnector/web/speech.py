"""The language of a page: the one that the browser asks for, else that of the installation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from mlconnector.texts.language import Language
from mlconnector.web.parts import parts_of


def preferred(accepted: str, otherwise: Language) -> Language:
    """The first of our languages in an `Accept-Language` header (RFC 9110, 12.5.4), by its weight."""
    weighed: list[tuple[float, Language]] = []
    for part in accepted.split(","):
        name, _, rest = part.strip().partition(";")
        primary = name.strip().lower().partition("-")[0]
        weight = _weight(rest)
        if weight > 0:
            match primary:
                case "de":
                    weighed.append((weight, "de"))
                case "en":
                    weighed.append((weight, "en"))
                case "*":
                    weighed.append((weight, otherwise))
    # Among equals the first one counts, as it stands in the header.
    return max(weighed, key=lambda one: one[0])[1] if weighed else otherwise


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def language_of(request: Request) -> Language:
    """The language in which a request is answered with a page."""
    otherwise = parts_of(request).application.settings.language
    return preferred(request.headers.get("accept-language", ""), otherwise)


PageLanguage = Annotated[Language, Depends(language_of)]
