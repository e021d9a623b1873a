"""What holds for every screen, also for those that are added: who may do what, and how a page is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, nodes

from mlconnector import web
from mlconnector.flow.people.roles import ALLOWED, Role, Verb
from mlconnector.texts.tables import table
from mlconnector.web.console.pages import POLICY
from mlconnector.web.console.screens import every_screen
from tests.web.console.rig import HERE, HOSTILE, ROLES, Visitor, addresses, faults, fill, pages, visitor
from tests.web.rig import Rig

CONSOLE = Path(web.__path__[0]) / "console"
SCREENS = {one.name: one for one in every_screen()}
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
ENDS_THE_SESSION = ("POST", "/console/logout")


def test_the_table_of_roles_names_the_verbs_and_roles_that_there_are() -> None:
    assert set(ALLOWED) == set(get_args(Verb))
    assert set().union(*ALLOWED.values()) == set(get_args(Role))
    assert all("admin" in roles for roles in ALLOWED.values())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_it_may_not_do(rig: Rig, role: Role) -> None:
    somebody = visitor(rig, role)
    token = somebody.token()
    walked = sorted(addresses(), key=lambda one: one == ENDS_THE_SESSION)
    takes = {place: verb for screen in SCREENS.values() for place, verb in screen.takes.items()}
    assert len(walked) > 12
    for method, path in walked:
        verb = takes[method, path]
        sent = {"form_token": token} if method == "POST" else None
        answer = somebody.browser.request(method, path, data=sent, headers=HERE)
        if verb is not None:
            assert (answer.status_code == 403) == (role not in ALLOWED[verb]), (method, path)
        assert answer.status_code < 500, (method, path)
        if answer.status_code != 303:
            assert faults(answer.text) == [], (method, path)


def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(rig: Rig) -> None:
    for screen in SCREENS.values():
        for (method, path), verb in screen.takes.items():
            if verb is None:
                continue
            answer = rig.browser().request(method, path, params={"page": "2"}, headers=HERE)
            assert answer.status_code == 303, (method, path)
            place = answer.headers["location"]
            assert place.startswith("/console/login"), (method, path)
            assert ("then=" in place) == (method == "GET" and path != "/console/"), (method, path)


def test_nothing_is_done_without_the_token_of_the_session(rig: Rig) -> None:
    somebody = visitor(rig)
    for screen in SCREENS.values():
        for (method, path), verb in screen.takes.items():
            if method != "POST" or verb is None:
                continue
            for sent in ({}, {"form_token": "another"}):
                answer = somebody.browser.post(path, data=sent, headers=HERE)
                assert answer.status_code == 403, path
            foreign = somebody.browser.post(path, data={"form_token": somebody.token()})
            assert foreign.status_code == 403, path


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("is_filled", [True, False])
def test_every_page_is_well_made(rig: Rig, language: str, is_filled: bool) -> None:
    if is_filled:
        fill(rig)
    somebody = visitor(rig, language=language)
    for name in HOSTILE[:4] if is_filled else ():
        visitor(rig, "auditor", name=name)
    for page in pages(rig):
        answer = somebody.get(page)
        # A page of one thing says that there is none where nothing is filled, and so does one of a link.
        may_be_missing = (not is_filled) or page == "adviser"
        assert answer.status_code in {200, 303, *((404,) if may_be_missing else ())}, page
        if answer.status_code == 303:
            continue
        assert faults(answer.text) == [], page
        assert f'<html lang="{language}">' in answer.text
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r'(src|href)="(https?:)?//(?!.*rel="noreferrer")', answer.text), page


def test_no_two_screens_take_the_same_address() -> None:
    taken = list(addresses())
    assert [one for one in taken if taken.count(one) > 1] == []


def test_areas_stand_in_an_order_and_lead_to_pages(rig: Rig) -> None:
    orders = [one.order for one in SCREENS.values() if one.order]
    assert len(orders) == len(set(orders))
    for role in ROLES:
        somebody = visitor(rig, role)
        listed = re.search(r'<nav class="areas".*?</nav>', somebody.page(""), re.DOTALL)
        assert listed is not None
        for home in re.findall(r'href="/console/([^"]*)"', listed[0]):
            somebody.page(home)


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_its_texts_and_its_help(name: str) -> None:
    if SCREENS[name].has_help:
        for language in ("de", "en"):
            assert files("mlconnector.web.console").joinpath(f"help/{name}.{language}.md").is_file()
    if SCREENS[name].order or SCREENS[name].has_help:
        assert "title" in table(f"console/{name}.toml")


def test_a_text_belongs_to_a_screen_or_to_all_of_them() -> None:
    common = set(table("console/common.toml"))
    for name in SCREENS:
        assert common.isdisjoint(table(f"console/{name}.toml")), name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(CONSOLE / "templates")))
def test_a_template_says_texts_that_there_are(path: Path) -> None:
    folder = path.parent.name
    known = set(table("console/common.toml"))
    for name in SCREENS if folder == "templates" else [folder]:
        known |= set(table(f"console/{name}.toml"))
    assert set(_said(path)) - known == set()


@pytest.mark.parametrize("name", ["common", *SCREENS])
def test_a_text_is_said_somewhere(name: str) -> None:
    own = [CONSOLE / "screens" / f"{name}.py", *sorted((CONSOLE / "screens" / name).rglob("*.py"))]
    of_all = [*CONSOLE.glob("*.py"), *(CONSOLE / "templates").glob("*.html")]
    places = [*own, *(CONSOLE / "templates" / name).glob("*.html"), *of_all]
    places += [*TEMPLATES, *(CONSOLE / "screens").rglob("*.py")] if name == "common" else []
    source = "\n".join(path.read_text(encoding="utf-8") for path in places if path.is_file())
    named = set(re.findall(r"[\"']([a-z]\w*)[\"']", source))
    stems = tuple(re.findall(r"[\"']([a-z]\w*_)(?:[\"']|\{)", source))
    endings = ("_text", "_button")
    keys = table(f"console/{name}.toml")
    unsaid = [key for key in keys if key not in named and not key.startswith(stems)]
    assert [key for key in unsaid if not key.endswith(endings)] == []


def _said(path: Path) -> Iterator[str]:
    """Texts that a template names as they are."""
    parsed = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in parsed.find_all(nodes.Call):
        key = call.args[0] if call.args else None
        if isinstance(call.node, nodes.Name) and call.node.name == "say" and isinstance(key, nodes.Const):
            yield key.value


def test_an_address_that_there_is_not_is_answered_with_a_page(rig: Rig) -> None:
    for somebody in (visitor(rig), Visitor(rig.browser())):
        answer = somebody.get("nowhere")
        assert answer.status_code == 404
        assert "Diese Seite gibt es nicht" in answer.text or "There is no such page" in answer.text
        assert faults(answer.text) == []
    assert rig.browser().get("/nowhere").headers["content-type"] == "application/problem+json"


def test_a_problem_is_a_page_in_words_with_what_to_do(rig: Rig) -> None:
    answer = visitor(rig).get("people/user?name=nobody")
    assert answer.status_code == 404
    assert "Einen Benutzer nobody gibt es nicht." in answer.text
    assert faults(answer.text) == []


def test_a_bug_is_a_page_without_its_details(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = visitor(rig)
    monkeypatch.setattr("mlconnector.web.console.screens.people.people.every", lambda _db: 1 / 0)
    browser = rig.browser(raise_errors=False)
    browser.cookies, browser.headers["Accept-Language"] = somebody.browser.cookies, "de"
    answer = browser.get("/console/people")
    assert answer.status_code == 500
    assert "Das hätte nicht geschehen dürfen" in answer.text
    assert "ZeroDivision" not in answer.text


def test_the_sentence_of_a_page_carries_hostile_names_as_they_are(rig: Rig) -> None:
    admin = visitor(rig)
    for name in HOSTILE[:4]:
        visitor(rig, "auditor", name=name)
        page = admin.done("people/end-sessions", user=name)
        assert 'class="notice"' in page
    assert 'class="notice"' not in admin.page("people")
