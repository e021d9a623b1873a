"""What we send is checked against DATEV's own OpenAPI documents, request by request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jsonschema
import pytest

from mlconnector.systems.datev import clients, dxso_jobs
from mlconnector.systems.datev.connection import connect
from mlconnector.systems.datev.documents import FiledDocument
from tests.specifications import located, needs
from tests.systems.datev.rig import MUSTERHOLZ, PDF, TODAY, Rig, batch, document

SPECIFICATIONS = located("datev-openapi/patched")
FILES = {
    "accounting-clients": "accounting-clients-2.0.json",
    "accounting-documents": "accounting_documents-2.1.12.json",
    "accounting-dxso-jobs": "accounting_dxso-jobs-2.1.7.json",
    "accounting-extf-files": "accounting_extf-files-3.0.1.json",
}
PLAIN = "455148-1"  # a client whose numbers come as numbers
pytestmark = needs("datev-openapi/patched")


@dataclass
class Checking(httpx.BaseTransport):
    """Passes requests on to the stand-in, and checks each against the specification of its API."""

    passed: set[str] = field(default_factory=set)
    network: httpx.HTTPTransport = field(default_factory=httpx.HTTPTransport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        _, api, *_ = request.url.path.split("/")
        if api in FILES:
            self.passed.add(check(api, request))
        return self.network.handle_request(request)

    def close(self) -> None:
        self.network.close()


def check(api: str, request: httpx.Request) -> str:
    """Fail unless the request is one of the API's operations in every part; returns which."""
    specification = json.loads((SPECIFICATIONS / FILES[api]).read_text("utf-8"))
    path = re.sub(r"^/[^/]+/platform/v\d", "", request.url.path)
    template, values_in_path, operation = operation_of(specification, request.method, path)
    given = {
        "query": dict(request.url.params.multi_items()),
        "header": request.headers,
        "path": dict(zip(re.findall(r"\{([^}]+)\}", template), values_in_path, strict=True)),
    }
    declared = [*specification["paths"][template].get("parameters", []), *operation.get("parameters", [])]
    for parameter in declared:
        values: Mapping[str, str] = given[parameter["in"]]
        value = values.get(parameter["name"])
        assert value is not None or not parameter.get("required"), f"{parameter['name']} is missing"
        if value is not None:
            check_value(value, parameter["schema"])
    queries = {parameter["name"] for parameter in declared if parameter["in"] == "query"}
    assert given["query"].keys() <= queries
    assert request.headers["authorization"].startswith("Bearer ")
    assert request.headers[specification["components"]["securitySchemes"]["client_id"]["name"]]
    check_body(specification, operation, request)
    return f"{request.method} {template}"


def operation_of(
    specification: dict[str, Any], method: str, path: str
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The operation with the most literal path that fits: its path, the values in it, and what it says."""
    for template in sorted(specification["paths"], key=lambda known: known.count("{")):
        match = _match(template, path)
        if match is not None and method.lower() in specification["paths"][template]:
            return template, match.groups(), specification["paths"][template][method.lower()]
    raise AssertionError(f"there is no operation {method} {path}")


def _match(template: str, path: str) -> re.Match[str] | None:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "([^/]+)", template), path)


def check_value(value: str, schema: dict[str, Any]) -> None:
    typed: Any = int(value) if schema.get("type") == "integer" else value
    jsonschema.validate(typed, schema)
    if "pattern" in schema:
        assert re.fullmatch(schema["pattern"], value)


def check_body(specification: dict[str, Any], operation: dict[str, Any], request: httpx.Request) -> None:
    if "requestBody" not in operation:
        assert request.content == b""
        return
    media_type = request.headers["content-type"].partition(";")[0]
    schema = operation["requestBody"]["content"][media_type].get("schema", {})
    if media_type == "multipart/form-data":
        parts = dict(parts_of(request))
        assert parts.keys() <= schema["properties"].keys()
        assert parts.get("file") or parts.get("files")
        if "metadata" in parts:
            metadata = specification["components"]["schemas"]["metadata"]
            jsonschema.validate(json.loads(parts["metadata"]), {**metadata, "additionalProperties": False})
    elif media_type.endswith("json"):
        name = schema["$ref"].rpartition("/")[2]
        wanted = {**specification["components"]["schemas"][name], "additionalProperties": False}
        jsonschema.validate(json.loads(request.content), wanted)
    else:
        assert request.content


def parts_of(request: httpx.Request) -> Iterator[tuple[str, bytes]]:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        yield name[1].decode(), content.removesuffix(b"\r\n")


@pytest.fixture
def checked(rig: Rig) -> Iterator[Checking]:
    assert rig.keeper.tokens
    transport = Checking()
    rig.wiring.transport = transport
    yield transport
    transport.close()


def test_everything_the_sink_sends_is_in_the_specifications(rig: Rig, checked: Checking) -> None:
    assert {step.outcome for step in rig.with_keeper(document_type="Kasse").sink.check()} == {"ok"}
    rig.sink.client_facts()
    rig.file(document())
    receipt = rig.sink.submit(batch())
    rig.sink.status(receipt.job_id)
    rig.sink.find(batch().reference_id)
    clients.clients(connect(rig.settings, {}, rig.keeper, rig.wiring, 4, frozenset(), lambda: TODAY).clients)
    assert checked.passed == {
        "GET /clients",
        "GET /clients/{client-id}",
        "GET /clients/{client-id}/document-types",
        "GET /clients/{client-id}/duo-version",
        "PUT /clients/{client-id}/documents/{document-id}",
        "POST /clients/{client-id}/extf-files/import",
        "GET /clients/{client-id}/extf-files/jobs",
        "GET /clients/{client-id}/extf-files/jobs/{job-id}",
    }


def test_everything_a_dxso_job_needs_is_in_the_specification(rig: Rig, checked: Checking) -> None:
    own = rig.with_settings(services=["dxso"], client=PLAIN)
    assert own.keeper.tokens
    checked.passed.clear()
    assert {step.outcome for step in own.sink.check()} == {"ok", "skipped"}
    http = connect(own.settings, {}, own.keeper, own.wiring, 4, frozenset(), lambda: TODAY).dxso_jobs
    job = dxso_jobs.create(http, PLAIN, "receivable", "2026-11")
    dxso_jobs.attach(http, PLAIN, job.id, "a.pdf", "application/pdf", PDF)
    dxso_jobs.make_ready(http, PLAIN, job.id)
    own.standin.clock.advance(5)
    assert dxso_jobs.status(http, PLAIN, job.id).state == "failed"
    dxso_jobs.delete(http, PLAIN, dxso_jobs.create(http, PLAIN, "payable", "2026-11").id)
    assert checked.passed == {
        "GET /clients/{client-id}",
        "POST /clients/{client-id}/dxso-jobs",
        "POST /clients/{client-id}/dxso-jobs/{job-id}/files",
        "PUT /clients/{client-id}/dxso-jobs/{job-id}",
        "GET /clients/{client-id}/dxso-jobs/{job-id}",
        "GET /clients/{client-id}/dxso-jobs/{job-id}/protocol-entries",
        "DELETE /clients/{client-id}/dxso-jobs/{job-id}",
    }


@pytest.mark.parametrize(
    "changed",
    [document(document_type="", note=""), document(category="", folder="", register="")],
    ids=["no type and no note", "no place"],
)
def test_documents_with_little_metadata_are_in_the_specification(
    rig: Rig, checked: Checking, changed: FiledDocument
) -> None:
    assert rig.file(changed) == "filed"
    assert len(checked.passed) == 1


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "http://x/accounting-extf-files/platform/v3/clients/1/jobs"),
        httpx.Request(
            "POST", "http://x/accounting-extf-files/platform/v3/clients/1/extf-files/import", content=b"x"
        ),
    ],
)
def test_the_check_itself_refuses_what_is_not_in_the_specification(request_: httpx.Request) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check("accounting-extf-files", request_)


@pytest.mark.parametrize("api", ["accounting-documents", "accounting-dxso-jobs"])
def test_examples_of_the_specification_are_read(rig: Rig, api: str) -> None:
    example = json.loads((SPECIFICATIONS / FILES[api]).read_text("utf-8"))
    answer = example["paths"]["/clients/{client-id}"]["get"]["responses"]["200"]["content"]
    found = answer["application/json"]["x-example"]
    rig.wiring.transport = httpx.MockTransport(lambda _: httpx.Response(200, json=found))
    read = clients.basics(rig.wiring("datev", "https://api.example"), MUSTERHOLZ)
    assert read.has_document_store
    assert [year.account_length for year in read.fiscal_years] == [4, 4, 4]
    assert read.ledgers == (frozenset({"payable", "receivable"}),) * 3


def test_the_example_of_a_new_dxso_job_is_read(rig: Rig) -> None:
    specification = json.loads((SPECIFICATIONS / FILES["accounting-dxso-jobs"]).read_text("utf-8"))
    answer = specification["paths"]["/clients/{client-id}/dxso-jobs"]["post"]["responses"]["201"]["content"]
    found = answer["application/json"]["x-example"]
    rig.wiring.transport = httpx.MockTransport(lambda _: httpx.Response(201, json=found))
    job = dxso_jobs.create(rig.wiring("datev", "https://api.example"), MUSTERHOLZ, "receivable", "2017-01")
    assert job == dxso_jobs.OpenJob("CDD8BCFAD7034008AD143D330084FC22", 4, ("Ausgangsrechnungen",))
