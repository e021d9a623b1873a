"""Läufe: how far the work has come, what ran before, and a run that somebody begins."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files

import pytest

from mlconnector.store import runs
from mlconnector.texts.language import Language
from tests.web.console.rig import fill, visitor
from tests.web.rig import NAME, Rig

PAGE = f"runs?connection={NAME}"


def ran(rig: Rig, run: str, trigger: str, outcome: str = "") -> None:
    with rig.application.database.write() as db:
        runs.begin(db, run, NAME, trigger, rig.clock())
        if outcome:
            runs.end(db, run, outcome, rig.clock())
    rig.clock.advance(60)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_page_that_is_watched_renews_itself_only_while_work_is_under_way(
    rig: Rig, language: Language
) -> None:
    fill(rig)
    somebody = visitor(rig, "bookkeeper", language=language)
    assert "hx-get" not in somebody.page(PAGE)
    rig.work.busy = True
    page = somebody.page(PAGE)
    assert f'hx-get="/console/runs?connection={NAME}"' in page
    assert {"de": "Stand neu laden", "en": "Look again"}[language] in page


def test_runs_say_what_began_them_and_how_they_ended(rig: Rig) -> None:
    fill(rig)
    ran(rig, "1", "schedule", "done")
    ran(rig, "2", "user admin@example.com", "later: Pipedrive antwortet nicht")
    ran(rig, "3", "webhook")
    page = visitor(rig, "auditor").page(PAGE)
    for text in (
        "den Zeitplan",
        "vollständig durchgelaufen",
        "admin@example.com",
        "eine Nachricht der Quelle",
    ):
        assert text in page
    assert "vorzeitig beendet (Pipedrive antwortet nicht)" in page
    assert "unterbrochen; der nächste Lauf macht weiter" in page
    assert "Jetzt lesen" not in page


def test_a_run_is_begun_by_a_person_and_not_where_nobody_works(rig: Rig) -> None:
    rig.connect()
    somebody = visitor(rig, "bookkeeper")
    assert "Ein Lauf hat begonnen." in somebody.done("runs/begin", connection=NAME)
    assert rig.work.asked == [("start_run", NAME, "user bookkeeper@example.com")]


def test_the_script_that_is_shipped_is_the_one_that_was_taken_over(rig: Rig) -> None:
    kept = files("mlconnector.web.console").joinpath("static")
    noted = tomllib.loads(kept.joinpath("vendored.toml").read_text("utf-8"))
    scripts = {one.name for one in kept.iterdir() if one.name.endswith(".js")}
    assert scripts == set(noted)
    for name, one in noted.items():
        assert hashlib.sha256(kept.joinpath(name).read_bytes()).hexdigest() == one["sha256"]
        answer = rig.browser().get(f"/console/{name}")
        assert answer.content == kept.joinpath(name).read_bytes()
