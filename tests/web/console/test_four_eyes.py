"""Four eyes: nobody lets alone go what goes to DATEV, in the console, by commands or by the API."""

from __future__ import annotations

import json
import pwd
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mlconnector.cli import app
from mlconnector.store import audit, connections
from tests.web import rig as rigs
from tests.web.console.rig import Visitor, fill, visitor
from tests.web.console.test_preview import add
from tests.web.rig import NAME, Rig

ANNA, BERTA = "anna@example.com", "berta@example.com"
PAGE = f"preview/release?connection={NAME}"


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    with rigs.rig(sqlite_url, tmp_path, four_eyes=True) as made:
        yield made


def released(rig: Rig) -> bool:
    with rig.application.database.read() as db:
        return connections.read(db, NAME).released_at is not None


def story(rig: Rig, subject: str) -> list[tuple[str, object, object]]:
    with rig.application.database.read() as db:
        rows = audit.story(db, [subject])
    told = [(row.event, row.detail.get("by"), row.detail.get("asked_by")) for row in rows]
    return [one for one in told if one[0].endswith(("_asked", "_lapsed", "_declined", "released", "resent"))]


def seal(page: str) -> str:
    found = re.search(r'name="seal" value="(\w+)"', page)
    assert found is not None
    return found[1]


def sent(somebody: Visitor, action: str) -> str:
    return somebody.done(f"preview/{action}", connection=NAME, seal=seal(somebody.page(PAGE)))


def test_one_asks_for_a_release_and_another_one_approves_it(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    anna, berta = visitor(rig, "bookkeeper", name=ANNA), visitor(rig, "adviser", name=BERTA)
    page = sent(anna, "release")
    assert "ist beantragt" in page
    assert "Sie haben die Freigabe selbst beantragt" in page
    assert not released(rig)
    refused = anna.post("preview/approve", connection=NAME, seal=seal(page))
    assert refused.status_code == 409
    assert "selbst beantragt" in refused.text
    home = berta.page("")
    assert f"{ANNA} hat die Freigabe beantragt" in home
    assert "Buchungen warten darauf" not in home
    assert "ist freigegeben" in sent(berta, "approve")
    assert story(rig, NAME) == [("release_asked", ANNA, None), ("released", BERTA, ANNA)]
    assert berta.post("preview/approve", connection=NAME, seal="x").status_code in {200, 409}


def test_what_was_asked_for_lapses_when_something_else_would_go(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    anna, berta = visitor(rig, "bookkeeper", name=ANNA), visitor(rig, "bookkeeper", name=BERTA)
    sent(anna, "release")
    add(rig, "R-2")
    refused = berta.post("preview/approve", connection=NAME, seal=seal(berta.page(PAGE)))
    assert refused.status_code == 409
    assert "ist verfallen" in refused.text
    assert not released(rig)
    assert [one[0] for one in story(rig, NAME)] == ["release_asked", "approval_lapsed"]
    sent(berta, "release")
    sent(anna, "approve")
    assert released(rig)


def test_a_request_is_declined(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    anna, berta = visitor(rig, "bookkeeper", name=ANNA), visitor(rig, "bookkeeper", name=BERTA)
    sent(anna, "release")
    assert "abgelehnt" in berta.done("preview/approve", connection=NAME, decline="yes")
    assert story(rig, NAME)[-1] == ("approval_declined", BERTA, ANNA)
    assert berta.post("preview/approve", connection=NAME, seal=seal(berta.page(PAGE))).status_code == 409


def test_a_batch_goes_once_more_when_another_one_approves_it(rig: Rig) -> None:
    fill(rig)
    with rig.application.database.write() as db:
        connections.release(db, NAME, "chef", rig.clock())
    anna, berta = visitor(rig, "bookkeeper", name=ANNA), visitor(rig, "bookkeeper", name=BERTA)
    page = anna.done("batches/resend", batch="settled", reason="mit Kanzlei geklärt", again="yes")
    assert "eine andere Person" in page
    assert "mit Kanzlei geklärt" in berta.page("batches/batch?name=settled")
    assert anna.post("batches/approve", batch="settled").status_code == 409
    assert "noch einmal an DATEV" in berta.done("batches/approve", batch="settled")
    assert story(rig, "settled")[-2:] == [("resend_asked", ANNA, None), ("resent", BERTA, ANNA)]
    assert berta.post("batches/approve", batch="settled").status_code == 409


def test_the_api_is_nobody_and_can_neither_ask_nor_approve(rig: Rig) -> None:
    fill(rig)
    with rig.program() as api:
        for path, sent_there in (
            (f"connections/{NAME}/release", {}),
            ("batches/settled/resend", {"reason": "lost", "again": True}),
        ):
            answer = api.post(f"/api/v1/{path}", json=sent_there)
            assert (answer.status_code, answer.json()["cause"]) == (409, "four_eyes_no_person")
        assert api.post(f"/api/v1/connections/{NAME}/release", json={"withdraw": True}).status_code == 200
    assert not released(rig)


def test_a_command_counts_as_the_person_whose_user_it_runs_under(
    rig: Rig, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.connect()
    add(rig, "R-1")
    key = rig.application.settings.master_key
    assert key is not None
    for name, value in {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": sqlite_url,
        "MASTER_KEY": key.get_secret_value(),
        "FOUR_EYES": "true",
    }.items():
        monkeypatch.setenv(f"MLCONNECTOR_{name}", value)

    def given(user: str, *words: str) -> tuple[int, str]:
        monkeypatch.setattr(pwd, "getpwuid", lambda _id: SimpleNamespace(pw_name=user, pw_dir=str(tmp_path)))
        monkeypatch.setenv("LOGNAME", "whatever-is-said")
        ran = CliRunner().invoke(app, list(words))
        return ran.exit_code, ran.output

    assert given("anna", "release", NAME, "--yes", "--by", "berta")[0] == 1
    code, said = given("anna", "release", NAME, "--yes", "--json")
    assert (code, json.loads(said)["waits_for_approval"], released(rig)) == (0, True, False)
    assert NAME in given("anna", "approve")[1]
    assert given("anna", "approve", NAME, "--yes")[0] == 1
    assert not released(rig)
    code, said = given("berta", "approve", NAME, "--yes", "--json")
    assert (code, json.loads(said)["asked_by"], json.loads(said)["by"]) == (0, "anna", "berta")
    assert released(rig)
    assert story(rig, NAME) == [("release_asked", "anna", None), ("released", "berta", "anna")]
