"""The screen Benutzer: an administrator adds, changes and disables users, and takes the list along."""

from __future__ import annotations

from mlconnector.store import audit
from tests.web.console.rig import PASSWORD, log_in, visitor
from tests.web.rig import Rig


def test_a_user_is_added_changed_and_disabled_by_an_administrator(rig: Rig) -> None:
    admin = visitor(rig)
    page = admin.done("people/new", name="berta", role="auditor", password=PASSWORD)
    assert "berta ist angelegt." in page
    berta = log_in(rig, "berta")
    assert "die Rolle Buchhaltung" in admin.done("people/role", user="berta", role="bookkeeper")
    assert berta.get("").status_code == 303
    assert "lässt sich wieder aufheben" in admin.page("people/disable?name=berta")
    assert "berta ist gesperrt." in admin.done("people/disable", user="berta")
    assert "people/disable" not in admin.page("people/user?name=berta")
    assert "darf sich wieder anmelden" in admin.done("people/enable", user="berta")
    assert log_in(rig, "berta").get("").status_code == 200
    assert admin.post("people/enable", user="berta").status_code == 409
    with rig.application.database.read() as db:
        story = [(row.event, row.detail.get("by")) for row in audit.story(db, ["user berta"])]
    assert story == [
        ("user_added", "admin@example.com"),
        ("user_logged_in", "berta"),
        ("user_role_changed", "admin@example.com"),
        ("user_disabled", "admin@example.com"),
        ("user_enabled", "admin@example.com"),
        ("user_logged_in", "berta"),
    ]


def test_a_role_that_there_is_not_is_refused(rig: Rig) -> None:
    answer = visitor(rig).post("people/new", name="berta", role="root", password=PASSWORD)
    assert answer.status_code == 409
    assert "Eine Rolle root gibt es nicht." in answer.text


def test_the_list_is_searched_turned_over_and_taken_along(rig: Rig) -> None:
    admin = visitor(rig)
    with rig.application.database.write() as db:
        db.exec_driver_sql(
            "insert into users (name, role, password_hash, language, created_at)"
            " select name || n, 'auditor', '', '', created_at from users,"
            " (with recursive c(n) as (select 1 union select n + 1 from c where n < 60) select n from c)"
        )
    page = admin.page("people?role=auditor&page=2")
    assert "51–60 von 60" in page
    assert 'href="/console/people?role=auditor"' in page
    assert "nothing" not in admin.page("people?name=nobody+of+this+name")
    taken = admin.get("people?role=auditor&as=csv")
    assert taken.headers["content-type"] == "text/csv; charset=utf-8"
    assert taken.text.count("\r\n") == 61
