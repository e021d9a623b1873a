from __future__ import annotations

from tests.web.rig import Rig


def test_an_answer_of_the_api_may_load_nothing_go_nowhere_and_be_shown_in_no_frame(rig: Rig) -> None:
    policy = rig.browser().get("/healthz").headers["content-security-policy"]
    assert dict(rule.split(" ", 1) for rule in policy.split("; ")) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
