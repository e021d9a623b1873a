from __future__ import annotations

from collections.abc import Sequence

import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import (
    Attempt,
    CheckStep,
    Outcome,
    failed_step,
    in_order,
    login_needed,
    webhook_step,
)
from mlconnector.systems.kit.oauth import app_refused
from mlconnector.systems.kit.pacing import TooMany


@pytest.mark.parametrize(
    ("error", "cause", "who", "facts"),
    [
        (NeedsLogin("shop", "HTTP 401"), "token_refused", "you", {"answer": "HTTP 401"}),
        (TooMany("busy", 7.2), "too_many_requests", "vendor", {"after": "7"}),
        (RetryLater("503", 5), "out_of_order", "vendor", {"answer": "503"}),
        (
            app_refused("shop", "invalid_client", "401"),
            "app_secret_refused",
            "it",
            {"answer": "401", "place": "shop"},
        ),
        (Broken("no JSON"), "unexpected_answer", "it", {"answer": "no JSON"}),
        (
            NeedsHuman(Problem("account_closed", {"answer": "402"})),
            "account_closed",
            "you",
            {"answer": "402"},
        ),
    ],
)
def test_each_error_ends_a_step_with_a_cause_and_the_title_of_the_system(
    error: ConnectorError, cause: str, who: str, facts: dict[str, str]
) -> None:
    step = failed_step("shop.items", "Shop 365", error)
    assert (step.key, step.outcome, step.cause, step.who) == ("shop.items", "failed", cause, who)
    assert step.facts == {**facts, "system": "Shop 365"}


def test_a_login_that_nobody_has_made_is_another_cause_than_one_that_is_refused() -> None:
    step = login_needed("shop.login", "Shop 365", NeedsLogin("shop", "nobody has logged in"))
    assert (step.cause, step.facts) == (
        "login_needed",
        {"system": "Shop 365", "answer": "nobody has logged in"},
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("ok", "ok", "ok"), ["ok", "ok", "ok"]),
        (("ok", "warning", "ok"), ["ok", "warning", "ok"]),
        (("failed", "ok", "ok"), ["failed", "skipped", "skipped"]),
        (("ok", "skipped", "ok"), ["ok", "skipped", "skipped"]),
    ],
)
def test_what_needs_a_step_that_failed_is_skipped_and_not_tried(
    outcomes: tuple[Outcome, ...], expected: list[str]
) -> None:
    tried = []

    def attempt(number: int) -> Attempt:
        def steps() -> Sequence[CheckStep]:
            tried.append(number)
            return [CheckStep(f"shop.step_{number}", outcomes[number])]

        return Attempt((f"shop.step_{number}",), steps)

    found = list(in_order([attempt(number) for number in range(3)]))
    assert [step.outcome for step in found] == expected
    assert [step.key for step in found] == ["shop.step_0", "shop.step_1", "shop.step_2"]
    assert tried == [number for number in range(3) if expected[number] == outcomes[number]]


def test_an_attempt_of_two_steps_is_skipped_with_both() -> None:
    failing = Attempt(("shop.a",), lambda: [CheckStep("shop.a", "failed")])
    found = in_order([failing, Attempt(("shop.b", "shop.c"), list)])
    assert [(step.key, step.outcome) for step in found] == [
        ("shop.a", "failed"),
        ("shop.b", "skipped"),
        ("shop.c", "skipped"),
    ]


def test_an_attempt_without_steps_does_not_begin_anew_what_was_skipped() -> None:
    failing = Attempt(("shop.a",), lambda: [CheckStep("shop.a", "failed")])
    last = Attempt(("shop.b",), lambda: [CheckStep("shop.b", "ok")])
    found = in_order([failing, Attempt((), list), last])
    assert [step.outcome for step in found] == ["failed", "skipped"]


def test_webhooks_need_their_credentials() -> None:
    facts = {"header": "X-Key"}
    there = webhook_step("shop.webhook", "Shop 365", ("key",), {"key": "k"}, facts)
    assert (there.outcome, there.facts) == ("ok", facts)
    missing = webhook_step("shop.webhook", "Shop 365", ("user", "key"), {"key": ""}, facts)
    assert (missing.outcome, missing.cause) == ("failed", "secret_missing")
    assert missing.facts == {"system": "Shop 365", "secrets": "user, key"}
    none = webhook_step("shop.webhook", "Shop 365", None, {}, {})
    assert (none.outcome, none.cause) == ("skipped", "not_configured")
