from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import parsed
from mlconnector.systems.pipedrive.answers import NotFound, Pace
from mlconnector.systems.pipedrive.client import ApiToken, Client, shaped
from mlconnector.systems.pipedrive.shapes import (
    Deal,
    DealProduct,
    Discount,
    FieldMetadata,
    File,
    Instalment,
    Me,
    Organization,
    Person,
    Pipeline,
    Product,
)
from tests.conformance.doors import served
from tests.specifications import required
from tests.systems.pipedrive import openapi
from tests.systems.pipedrive.rig import PipedriveRig, token_rig


@pytest.fixture
def rig() -> Iterator[PipedriveRig]:
    with token_rig() as rig:
        yield rig


@pytest.fixture
def client(rig: PipedriveRig) -> Client:
    return client_of(rig)


def client_of(rig: PipedriveRig, token: str | None = None) -> Client:
    pace = Pace(rig.outside.time.now)
    auth = ApiToken(token or rig.standin.api_token)
    http: Http = rig.outside.http(
        "pipedrive", rig.url, explain=pace.explain, auth=auth, after_answer=pace.after_answer
    )
    return Client(http)


class TestPages:
    def test_files_beyond_the_first_page_are_read(self, rig: PipedriveRig, client: Client) -> None:
        for number in range(105):
            rig.standin.add_file(11, f"Foto {number}.jpg", b"x")
        assert len(client.files(11)) == 105

    def test_no_files_are_none(self, client: Client) -> None:
        assert client.files(11) == []

    def test_more_ids_than_one_request_takes_are_asked_for_in_several(self) -> None:
        with token_rig(records=250) as rig:
            client = client_of(rig)
            assert len(client.deals(range(1, 251))) == 250
            assert len({line.deal_id for line in client.deal_products(range(1, 251))}) > 200

    @pytest.mark.parametrize("body", [{"data": [], "additional_data": {"next_cursor": "again"}}])
    def test_cursors_that_go_round_in_a_circle_are_noticed(
        self, rig: PipedriveRig, client: Client, body: dict[str, Any]
    ) -> None:
        rig.faults.add(Fault("status", path="Fields", status=200, body=json.dumps(body).encode(), times=100))
        with pytest.raises(Broken, match="circle"):
            client.fields("deal")

    @pytest.mark.parametrize(
        "page",
        [
            {"pagination": {"more_items_in_collection": True, "next_start": 0}},
            {"more_items_in_collection": True, "next_start": "100"},
        ],
    )
    def test_offsets_that_do_not_move_on_are_noticed(
        self, rig: PipedriveRig, client: Client, page: dict[str, Any]
    ) -> None:
        body = json.dumps({"data": None, "additional_data": page}).encode()
        rig.faults.add(Fault("status", path="files", status=200, body=body, times=100))
        with pytest.raises(Broken, match=r"circle|shape"):
            client.files(1)


class TestDeals:
    def test_archived_and_deleted_deals_are_found_by_id(self, rig: PipedriveRig, client: Client) -> None:
        rig.standin.archive(3)
        rig.standin.delete(4)
        assert sorted(deal["id"] for deal in client.deals([1, 3, 4, 99999])) == [1, 3, 4]

    def test_deals_come_with_their_counts(self, client: Client) -> None:
        (deal,) = client.deals([2])
        assert deal["files_count"] == 1
        assert deal["products_count"] == 3

    def test_deleted_products_are_left_out(self, client: Client) -> None:
        assert set(client.products([501, 599])) == {501}


class TestContents:
    @pytest.mark.parametrize("body", [b"[]", b'{"data": 5}', b'{"data": [5]}', b'{"data": [{"id": "x"}]}'])
    def test_other_shapes_break_the_contract(self, rig: PipedriveRig, client: Client, body: bytes) -> None:
        rig.faults.add(Fault("status", path="pipelines", status=200, body=body))
        with pytest.raises(Broken):
            client.pipelines()

    @pytest.mark.parametrize(
        ("example", "shape"),
        [
            ("v2_get_deals_200", list[Deal]),
            ("v2_get_deals_archived_200", list[Deal]),
            ("v2_get_deals_products_200", list[DealProduct]),
            ("v2_get_deals_id_discounts_200", list[Discount]),
            ("v2_get_deals_installments_200", list[Instalment]),
            ("v2_get_organizations_200", list[Organization]),
            ("v2_get_persons_200", list[Person]),
            ("v2_get_products_200", list[Product]),
            ("v2_get_pipelines_200", list[Pipeline]),
            ("v2_get_dealFields_200", list[FieldMetadata]),
            ("v2_get_organizationFields_200", list[FieldMetadata]),
            ("v2_get_productFields_200", list[FieldMetadata]),
            ("v1_get_deals_id_files_200", list[File]),
            ("v1_get_users_me_200", Me),
        ],
    )
    def test_the_official_examples_have_the_shapes_that_are_read(self, example: str, shape: Any) -> None:
        path = required(f"pipedrive/fixtures/openapi_examples/{example}.json")
        assert shaped(parsed(path.read_bytes())["data"], shape)


class TestDownloads:
    def test_a_redirect_to_another_host_takes_no_credentials_along(
        self, rig: PipedriveRig, client: Client
    ) -> None:
        with served(rig.standin.app) as elsewhere:
            rig.standin.storage.base_url = elsewhere
            assert client.file_content("500001", 1_000_000) == rig.attachment("500001")
        assert rig.standin.storage.leaked == []
        assert "signature=***" in rig.outside.log.text().replace("%2A", "*")

    def test_a_large_file_is_not_read(self, rig: PipedriveRig, client: Client) -> None:
        rig.standin.add_file(11, "gross.pdf", b"x" * 1001)
        (file,) = client.files(11)
        assert client.file_content(str(file.id), 1001) == b"x" * 1001
        assert client.file_content(str(file.id), 1000) is None

    def test_a_file_that_is_gone_is_not_found(self, client: Client) -> None:
        with pytest.raises(NotFound):
            client.file_content("1", 1000)


class TestLimits:
    def test_the_burst_limit_is_never_reached(self) -> None:
        with token_rig(extra={"burst": "20"}) as rig:
            client = client_of(rig)
            for deal_id in range(1, 61):
                client.deals([deal_id])
            assert {exchange.status for exchange in rig.outside.log.exchanges} == {200}
            assert rig.outside.time.slept

    def test_a_used_up_day_is_left_to_the_flow(self, rig: PipedriveRig, client: Client) -> None:
        rig.standin.limits.exhaust_day()
        waits = []
        for _ in range(20):
            with pytest.raises(RetryLater) as caught:
                client.me()
            waits.append(caught.value.after)
            rig.outside.time.pass_by(10)
        assert waits[-1] == 3600
        rig.standin.limits.new_day()
        assert client.me().company_name == "Beispielbau GmbH"


def test_the_token_goes_into_its_header_only() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    httpx.Client(transport=httpx.MockTransport(handler), auth=ApiToken("geheim")).get(
        "https://x.pipedrive.com/a"
    )
    assert seen[0].headers["x-api-token"] == "geheim"
    assert "geheim" not in str(seen[0].url)


def test_every_request_is_one_that_the_official_descriptions_have() -> None:
    required(openapi.NAME)
    with token_rig(records=60) as rig:
        source = rig.open()
        list(source.check())
        first = source.changes(None, None)
        second = source.changes(None, first.position)
        source.fetch(second.references)
        source.fetch([type(each)(each.external_id) for each in second.references])
        later = source.changes(second.cursor, None)
        source.changes(second.cursor, later.position)
        source.download("500001", 1_000_000)
        client = client_of(rig)
        client.product_fields()
        client.deals(range(1, 300))
        with pytest.raises(NeedsHuman):
            source.download(str(rig.standin.add_file(11, "leer.pdf", b"").id), 1_000)
        asked = {(exchange.method, exchange.url) for exchange in rig.outside.log.exchanges}
        assert len({httpx.URL(url).path for _, url in asked}) > 12
        assert [each for method, url in asked for each in openapi.complaints(method, url)] == []
        source.close()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://x/api/v2/deals?limit=500", None),
        ("https://x/api/v2/deals?limit=501", "501 is above 500"),
        ("https://x/api/v2/deals?status=won,lost", None),
        ("https://x/api/v2/deals?status=gewonnen", "'gewonnen' is not one of"),
        ("https://x/api/v2/deals?sort=id", "sort is not described"),
        ("https://x/api/v2/deals/products", "deal_ids is missing"),
        ("https://x/api/v2/users/me", "does not exist"),
        ("https://x/api/v1/deals/7/files?limit=101", "is greater than the maximum of 100"),
    ],
)
def test_the_check_of_requests_notices_mistakes(url: str, complaint: str | None) -> None:
    required(openapi.NAME)
    found = list(openapi.complaints("GET", url))
    assert (found == []) if complaint is None else any(complaint in each for each in found)
