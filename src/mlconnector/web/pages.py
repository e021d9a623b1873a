"""Pages for browsers, from the templates beside this module: no scripts, no assets, all facts escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from mlconnector.texts.catalogue import page
from mlconnector.texts.language import Language

_TEMPLATES = Environment(
    loader=PackageLoader("mlconnector.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE_HASH = hashlib.sha256(_TEMPLATES.get_template("style.css").render().encode()).digest()
STYLED_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(_STYLE_HASH).decode()}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages with `style.css`: it, a form to us, nothing else."""


def rendered(template: str, key: str, facts: Mapping[str, str], language: Language, **more: object) -> str:
    """A page with the title and the sentence under `key`, and what its template shows `more`."""
    title, text = page(key, facts, language)
    return _TEMPLATES.get_template(template).render(language=language, title=title, text=text, **more)
