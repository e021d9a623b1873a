"""Pages speak the language of the browser, else that of the installation."""

from __future__ import annotations

import pytest

from mlconnector.texts.language import Language
from mlconnector.web.speech import preferred
from tests.web.rig import NAME, Rig
from tests.web.test_oauth import Page


@pytest.mark.parametrize(
    ("accepted", "otherwise", "language"),
    [
        ("", "de", "de"),
        ("", "en", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "en", "de"),
        ("en-GB", "de", "en"),
        ("en;q=0.5, de;q=0.7", "en", "de"),
        ("fr-FR,fr;q=0.9,de;q=0.3", "en", "de"),
        ("fr", "de", "de"),
        ("*", "de", "de"),
        ("de;q=0, en", "de", "en"),
        ("de;q=nonsense", "en", "en"),
    ],
)
def test_the_language_with_the_greatest_weight_counts(
    accepted: str, otherwise: Language, language: Language
) -> None:
    assert preferred(accepted, otherwise) == language


@pytest.mark.parametrize("path", ["/oauth/callback?error=access_denied", "/connect/datev/nobody?key=x"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_in_the_language_of_the_browser(rig: Rig, path: str, language: Language) -> None:
    rig.connect()
    path = path.replace("nobody", NAME)
    answer = rig.browser().get(path, headers={"Accept-Language": f"{language};q=0.9, fr"})
    assert Page(answer.text).language == language
    words = " ".join(Page(answer.text).words)
    assert ("Login refused" in words or "Link unknown" in words) == (language == "en")
