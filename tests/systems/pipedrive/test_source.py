from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Reading, Reference, Source
from tests.conformance.context import NoTokens
from tests.conformance.source_suite import whole_pass
from tests.systems.pipedrive.rig import FIELDS, LISTING, PipedriveRig, oauth_rig, token_rig

EVERYTHING = 300


@pytest.fixture
def rig() -> Iterator[PipedriveRig]:
    with token_rig() as rig:
        yield rig


@pytest.fixture
def source(rig: PipedriveRig) -> Source:
    return rig.open()


def one(source: Source, deal_id: int) -> Reading:
    return source.fetch([Reference(str(deal_id))])[0]


def keys(reading: Reading) -> list[str]:
    return [problem.key for problem in reading.problems]


def ids_of(source: Source, since: str | None) -> list[int]:
    return sorted(int(each.external_id) for each in whole_pass(source, since)[0])


def calls(rig: PipedriveRig) -> dict[str, int]:
    return dict(rig.standin.statistics.by_path)


class TestChanges:
    def test_the_first_load_asks_for_won_deals_only(self, rig: PipedriveRig, source: Source) -> None:
        rig.standin.reopen(2)
        rig.standin.lose(3)
        assert not {2, 3} & set(ids_of(source, None))

    def test_later_passes_also_show_what_is_no_longer_won(self, rig: PipedriveRig, source: Source) -> None:
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3600)
        rig.standin.reopen(2)
        rig.standin.lose(3)
        rig.standin.delete(4)
        assert {2, 3, 4} <= set(ids_of(source, cursor))

    def test_archived_deals_are_in_every_pass(self, rig: PipedriveRig, source: Source) -> None:
        rig.standin.archive(5)
        assert 5 in ids_of(source, None)
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3600)
        rig.standin.archive(6)
        assert 6 in ids_of(source, cursor)

    def test_a_deal_that_is_archived_between_two_pages_is_found_by_the_next_pass(
        self, rig: PipedriveRig, source: Source
    ) -> None:
        archived = source.changes(None, None)
        rig.outside.time.pass_by(5)
        rig.standin.archive(7)
        rig.outside.time.pass_by(3600)
        rig.standin.change_deal(8, title="Viel später")
        rest = source.changes(None, archived.position)
        assert 7 not in {int(each.external_id) for each in (*archived.references, *rest.references)}
        assert 7 in ids_of(source, rest.cursor)

    def test_pages_of_archived_deals_do_not_move_the_cursor(self, rig: PipedriveRig, source: Source) -> None:
        rig.standin.archive(5)
        archived = source.changes("2026-07-01T00:00:00Z", None)
        assert [each.external_id for each in archived.references] == ["5"]
        assert archived.cursor == "2026-07-01T00:00:00Z"

    def test_the_cursor_is_the_last_time_of_change(self, source: Source) -> None:
        references, cursor = whole_pass(source, None)
        assert cursor == max(each.changed_at or "" for each in references)

    def test_the_cursor_never_moves_back(self, rig: PipedriveRig, source: Source) -> None:
        _, cursor = whole_pass(source, None)
        _, again = whole_pass(source, cursor)
        assert again == cursor

    def test_a_cursor_that_lies_ahead_of_our_clock_is_given_up(
        self, rig: PipedriveRig, source: Source
    ) -> None:
        references, cursor = whole_pass(source, None)
        ahead = f"{rig.outside.time.now() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        assert not source.goes_on(ahead)
        assert source.changes(ahead, None).anew
        again, later = whole_pass(source, ahead)
        assert {each.external_id for each in references} <= {each.external_id for each in again}
        assert later == cursor

    def test_the_cursor_does_not_pass_the_start_of_the_pass(self, rig: PipedriveRig, source: Source) -> None:
        started = rig.outside.time.now()
        first = source.changes(None, None)
        rig.outside.time.pass_by(3600)
        rig.standin.change_deal(8, title="Viel später")
        last = source.changes(None, first.position)
        assert last.cursor is not None
        assert datetime.fromisoformat(last.cursor) <= started

    def test_an_empty_account_has_no_cursor(self) -> None:
        with token_rig(records=0) as rig:
            assert whole_pass(rig.open(), None) == ([], None)

    def test_pages_follow_one_another(self) -> None:
        with token_rig(records=1100) as rig:
            source = rig.open()
            assert ids_of(source, None) == list(range(1, 1101))
            assert calls(rig)["/api/v2/deals"] == 3

    def test_a_position_of_somebody_else_is_refused(self, source: Source) -> None:
        with pytest.raises(Broken):
            source.changes(None, "500")


class TestFetching:
    def test_what_keeps_each_case_of_the_account_from_being_booked(self) -> None:
        expected = {
            "without_products": ["lines_missing"],
            "value_mismatch": ["total_differs"],
            "no_party": ["party_missing"],
            "instalments": ["deal_has_instalments"],
            "recurring": ["line_recurring"],
            "oversized": ["document_too_large"],
            "forbidden_type": ["document_type_forbidden"],
        }
        with token_rig(records=EVERYTHING) as rig:
            source, labels = rig.open(), rig.standin.labels()
            references, _ = whole_pass(source, None)
            for reading in source.fetch(references):
                shown = labels[int(reading.external_id)]
                wanted = [*expected.get(shown.case, []), *expected.get(shown.files, [])]
                assert keys(reading) == wanted, (reading, shown)

    def test_a_set_takes_few_requests(self) -> None:
        with token_rig(records=EVERYTHING) as rig:
            source = rig.open()
            references, _ = whole_pass(source, None)
            source.fetch(references[:100])
            made = calls(rig)
            assert made["/api/v2/deals"] == 1, "their content came with the references"
            assert made["/api/v2/deals/products"] == 1
            assert made["/api/v2/organizations"] == 1
            with_files = [each for each in references[:100] if each.content["files_count"]]
            assert made["/api/v1/deals/{id}/files"] == len(with_files) < 100
            labels = rig.standin.labels()
            discounted = [
                each
                for each in references[:100]
                if "deal_discount" in labels[int(each.external_id)].lines
                or labels[int(each.external_id)].case == "value_mismatch"
            ]
            assert made["/api/v2/deals/{id}/discounts"] == len(discounted)

    def test_products_pipelines_and_fields_are_read_once(self, rig: PipedriveRig, source: Source) -> None:
        one(source, 1)
        one(source, 1)
        made = calls(rig)
        assert made["/api/v2/products"] == 1
        assert made["/api/v2/pipelines"] == 1
        assert made["/api/v2/dealFields"] == 1

    def test_a_deal_that_is_not_won_costs_nothing_more(self, rig: PipedriveRig, source: Source) -> None:
        rig.standin.reopen(2)
        one(source, 2)
        made = calls(rig)
        assert "/api/v1/deals/{id}/files" not in made
        assert "/api/v2/deals/products" not in made
        assert "/api/v2/organizations" not in made

    def test_a_deleted_deal_is_withdrawn_as_long_as_it_can_be_seen(
        self, rig: PipedriveRig, source: Source
    ) -> None:
        rig.standin.delete(2)
        reading = one(source, 2)
        assert reading.voucher is not None
        assert reading.voucher.standing == "withdrawn"

    @pytest.mark.parametrize("external_id", ["99999", "abc", "", "1e3", "²"])
    def test_an_id_that_nobody_knows_is_gone(self, source: Source, external_id: str) -> None:
        assert source.fetch([Reference(external_id)]) == [Reading(external_id, None, reason="gone")]

    @pytest.mark.parametrize("path", ["/files$", "/discounts$"])
    def test_a_deal_that_vanishes_while_it_is_read_is_gone(
        self, rig: PipedriveRig, source: Source, path: str
    ) -> None:
        rig.faults.add(Fault("status", path=path, status=404, body=b"{}"))
        discounted = one(source, 3)
        assert (discounted.voucher, discounted.reason) == (None, "gone")

    def test_an_account_without_instalments_is_read_all_the_same(
        self, rig: PipedriveRig, source: Source
    ) -> None:
        rig.faults.add(Fault("status", path="installments", status=403, body=b'{"error":"plan"}'))
        assert one(source, 1).problems == ()
        assert one(source, 22).problems == (), "not asked again"
        assert calls(rig).get("/api/v2/deals/installments") is None

    def test_a_category_that_is_an_option_is_shown_by_its_label(
        self, rig: PipedriveRig, source: Source
    ) -> None:
        products = b'{"data":[{"id":509,"code":"X","category":3}]}'
        field = b'{"field_name":"Kategorie","field_code":"category","field_type":"enum","options":%s}'
        fields = b'{"data":[%s]}' % (field % b'[{"id":3,"label":"Holz"}]')
        rig.faults.add(Fault("status", path="/api/v2/products", status=200, body=products))
        rig.faults.add(Fault("status", path="productFields", status=200, body=fields))
        rig.standin.change_line(1, 0, product_id=509)
        voucher = one(source, 1).voucher
        assert voucher is not None
        assert [line.category for line in voucher.lines] == ["Holz"]

    def test_a_failing_request_among_many_fails_the_set(self, rig: PipedriveRig, source: Source) -> None:
        rig.faults.add(Fault("status", path="/files$", status=503, times=1000))
        references, _ = whole_pass(source, None)
        with pytest.raises(RetryLater):
            source.fetch(references)


class TestCustomFields:
    def test_a_renamed_field_is_still_read(self, rig: PipedriveRig, source: Source) -> None:
        before = one(source, 1).voucher
        rig.standin.rename_field("deal", "Rechnungsnummer", "Belegnummer")
        rig.standin.add_field("deal", "Neu")
        assert one(rig.open(), 1).voucher == before

    def test_a_deleted_field_holds_the_deals_that_need_it(self, rig: PipedriveRig, source: Source) -> None:
        assert one(source, 1).problems == ()
        rig.standin.delete_field("organization", "USt-IdNr.")
        (problem,) = one(source, 1).problems
        assert problem.cause == "field_missing:entity=organization,field=USt-IdNr."

    def test_an_option_that_is_new_is_looked_up(self, rig: PipedriveRig, source: Source) -> None:
        one(source, 1)
        field = rig.standin.account.field("deal", "Kostenstelle")
        assert field.options is not None
        field.options.append({"id": 990, "label": "400 Neubau", "color": None})
        rig.standin.change_deal(1, custom_fields={"Kostenstelle": 990})
        voucher = one(source, 1).voucher
        assert voucher is not None
        assert voucher.attributes["cost_centre"] == "400 Neubau"


class TestDownloads:
    @pytest.mark.parametrize(
        ("content", "limit", "key"), [(b"", 10, "document_empty"), (b"x" * 11, 10, "document_too_large")]
    )
    def test_empty_and_oversized_files_need_a_human(
        self, rig: PipedriveRig, source: Source, content: bytes, limit: int, key: str
    ) -> None:
        file = rig.standin.add_file(1, "a.pdf", content)
        with pytest.raises(NeedsHuman) as caught:
            source.download(str(file.id), limit)
        assert caught.value.problem.key == key

    def test_a_file_that_was_deleted_needs_a_human(self, source: Source) -> None:
        with pytest.raises(NeedsHuman) as caught:
            source.download("1", 10)
        assert caught.value.problem.key == "document_gone"


def outcomes(source: Source) -> dict[str, str]:
    return {step.key.removeprefix("pipedrive."): step.cause or step.outcome for step in source.check()}


class TestChecks:
    def test_all_is_well(self, source: Source) -> None:
        assert outcomes(source) == {
            "reach": "ok",
            "token": "ok",
            "zone": "ok",
            "deals": "ok",
            "fields": "ok",
            "webhook": "ok",
        }

    def test_user_and_company_are_named(self, source: Source) -> None:
        step = next(step for step in source.check() if step.key == "pipedrive.token")
        assert step.facts == {"user": "Buchhaltung", "company": "Beispielbau GmbH"}

    def test_a_user_who_is_no_administrator_is_warned_of(self, rig: PipedriveRig, source: Source) -> None:
        body = b'{"data":{"name":"Anna","company_name":"Firma","access":[{"app":"sales","admin":false}]}}'
        rig.faults.add(Fault("status", path="users/me", status=200, body=body))
        assert outcomes(source)["token"] == "not_admin"

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("Europe/Vienna", "ok"),
            ("Europe/London", "time_zone_differs"),
            ("Africa/Lagos", "time_zone_differs"),
            ("Nowhere/Else", "time_zone_differs"),
        ],
    )
    def test_a_time_zone_that_has_other_days_is_warned_of(
        self, rig: PipedriveRig, source: Source, zone: str, expected: str
    ) -> None:
        body = b'{"data":{"name":"Anna","timezone_name":"%s"}}' % zone.encode()
        rig.faults.add(Fault("status", path="users/me", status=200, body=body))
        assert outcomes(source)["zone"] == expected

    @pytest.mark.parametrize(
        ("path", "status", "expected"),
        [
            ("users/me", 401, {"token": "token_refused", "deals": "skipped", "fields": "skipped"}),
            ("users/me", 402, {"token": "account_closed"}),
            ("deals", 415, {"token": "ok", "deals": "feature_not_in_plan"}),
            ("users/me", 503, {"reach": "out_of_order", "token": "skipped"}),
            ("users/me", 404, {"reach": "unexpected_answer", "token": "skipped"}),
            ("users/me", 429, {"reach": "too_many_requests"}),
            ("deals", 403, {"token": "ok", "deals": "permission_missing", "fields": "skipped"}),
            ("installments", 403, {"deals": "instalments_not_readable", "fields": "ok"}),
            ("dealFields", 403, {"deals": "ok", "fields": "permission_missing"}),
        ],
    )
    def test_the_step_that_fails_says_why(
        self, rig: PipedriveRig, source: Source, path: str, status: int, expected: dict[str, str]
    ) -> None:
        rig.faults.add(Fault("status", path=path, status=status, body=b"{}", times=1000))
        assert expected.items() <= outcomes(source).items()

    def test_an_address_where_nobody_listens_is_a_matter_for_it(self, rig: PipedriveRig) -> None:
        settings = {**rig.settings, "base_url": "http://127.0.0.1:9"}
        source = rig.outside.open(rig.system, rig.system.settings_model.model_validate(settings), rig.secrets)
        steps = {step.key: step for step in source.check()}
        assert steps["pipedrive.reach"].cause == "connection_refused"
        assert steps["pipedrive.reach"].who == "it"

    def test_fields_that_do_not_exist_are_named(self) -> None:
        fields = {**FIELDS, "due_date": "Zahlbar bis", "vat_id": "UID"}
        with token_rig(settings={"fields": fields}) as rig:
            step = next(step for step in rig.open().check() if step.key == "pipedrive.fields")
            assert step == CheckStep(
                "pipedrive.fields", "failed", "field_missing", {"fields": "Zahlbar bis, UID"}
            )

    @pytest.mark.parametrize(
        ("webhook", "cause"), [(None, "not_configured"), ({"mode": "basic"}, "secret_missing")]
    )
    def test_webhooks_that_cannot_work_are_named(self, webhook: Any, cause: str) -> None:
        with token_rig(settings={"webhook": webhook}) as rig:
            assert outcomes(rig.open())["webhook"] == cause

    def test_a_login_that_nobody_made_is_named(self) -> None:
        with oauth_rig() as rig:
            rig.outside.tokens = NoTokens()
            assert outcomes(rig.open()) == {
                "reach": "skipped",
                "token": "login_needed",
                "zone": "skipped",
                "deals": "skipped",
                "fields": "skipped",
                "webhook": "ok",
            }

    def test_a_rotated_secret_of_the_app_is_a_matter_for_it(self) -> None:
        with oauth_rig() as rig:
            rig.outside.time.pass_by(4000)
            rig.standin.login.secret = "the new one"
            steps = {step.key: step for step in rig.open().check()}
            assert steps["pipedrive.reach"].outcome == "ok"
            token = steps["pipedrive.token"]
            assert (token.cause, token.who) == ("app_secret_refused", "it")

    def test_a_login_that_is_no_longer_accepted_asks_for_a_login_and_not_for_a_key(self) -> None:
        with oauth_rig() as rig:
            rig.faults.add(Fault("status", path="users/me", status=401, body=b"{}", times=9))
            assert outcomes(rig.open())["token"] == "login_needed"


class TestLogin:
    def test_the_address_comes_with_the_login(self) -> None:
        with oauth_rig() as rig:
            source = rig.open()
            whole_pass(source, None)
            assert any(exchange.url.startswith(rig.url) for exchange in rig.outside.log.exchanges)

    def test_an_app_that_was_removed_needs_a_login(self) -> None:
        with oauth_rig() as rig:
            source = rig.open()
            rig.standin.login.uninstall()
            with pytest.raises(NeedsLogin):
                source.changes(None, None)

    def test_a_refresh_token_that_changes_is_followed(self) -> None:
        with oauth_rig() as rig:
            source = rig.open()
            rig.standin.login.rotates_refresh_tokens = True
            for _ in range(3):
                rig.outside.time.pass_by(4000)
                source.changes(None, None)

    def test_a_scope_that_is_missing_is_said(self) -> None:
        with oauth_rig() as rig:
            rig.standin.login.scopes = "base,contacts:read"
            with pytest.raises(NeedsHuman) as caught:
                rig.open().changes(None, None)
            assert caught.value.problem.key == "permission_missing"


def test_a_ban_by_the_network_is_sat_out(rig: PipedriveRig, source: Source) -> None:
    page = b"<html>Attention Required! | Cloudflare</html>"
    rig.faults.add(Fault("status", path=LISTING, status=403, body=page, content_type="text/html", times=9))
    with pytest.raises(RetryLater) as caught:
        source.changes(None, None)
    assert caught.value.after == 900
    assert rig.outside.time.slept == []
