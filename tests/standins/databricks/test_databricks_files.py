"""Files: those of volumes, which are staged for loads, and those of the workspace, which hold SQL."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import ImportFormat, Language

from mlconnector.standins.databricks import CLIENT_ID
from mlconnector.standins.databricks.standin import DatabricksStandIn

pytestmark = pytest.mark.xdist_group("databricks")
FOLDER = "/Volumes/main/default/stage/lines"
FILE = f"{FOLDER}/1 ä.json"
HOME = f"/Workspace/Users/{CLIENT_ID}"


@pytest.fixture
def volume(standin: DatabricksStandIn) -> DatabricksStandIn:
    standin.sql("CREATE VOLUME main.default.stage")
    return standin


def content(client: WorkspaceClient, path: str = FILE) -> bytes:
    downloaded = client.files.download(path).contents
    assert downloaded is not None
    with downloaded as stream:
        found: bytes = stream.read()
    return found


def test_a_file_is_put_read_and_taken_away(client: WorkspaceClient, volume: DatabricksStandIn) -> None:
    client.files.create_directory(FOLDER)
    client.files.create_directory(FOLDER)
    client.files.upload(FILE, io.BytesIO(b'{"a":"1"}\n'), overwrite=True)
    assert content(client) == b'{"a":"1"}\n'
    assert client.files.get_metadata(FILE).content_length == 10
    assert [each.path for each in client.files.list_directory_contents(FOLDER)] == [FILE]
    client.files.delete(FILE)
    with pytest.raises(NotFound):
        client.files.get_metadata(FILE)
    with pytest.raises(NotFound):
        client.files.delete(FILE)


def test_a_file_is_replaced_only_where_that_was_said(
    client: WorkspaceClient, volume: DatabricksStandIn
) -> None:
    client.files.upload(FILE, io.BytesIO(b"1"))
    with pytest.raises(AlreadyExists):
        client.files.upload(FILE, io.BytesIO(b"2"), overwrite=False)
    assert content(client) == b"1"
    client.files.upload(FILE, io.BytesIO(b"3"), overwrite=True)
    assert content(client) == b"3"


@pytest.mark.parametrize(
    "path", ["/Volumes/main/default/none/x", "/Volumes/main/none/stage/x", "/Volumes/none/default/stage/x"]
)
def test_a_file_in_no_volume_is_refused(
    client: WorkspaceClient, volume: DatabricksStandIn, path: str
) -> None:
    with pytest.raises(NotFound):
        client.files.upload(path, io.BytesIO(b"1"))


def test_a_path_does_not_lead_out_of_its_volume(api: httpx.Client, volume: DatabricksStandIn) -> None:
    path = "/api/2.0/fs/files/Volumes/main/default/stage/%2e%2e/%2e%2e/%2e%2e/%2e%2e/x"
    assert api.put(path, content=b"1").status_code == 404


def test_who_may_read_a_volume_may_not_write_it_for_that(
    client: WorkspaceClient, volume: DatabricksStandIn
) -> None:
    client.files.upload(FILE, io.BytesIO(b"1"))
    volume.withhold("WRITE VOLUME", "main.default.stage")
    with pytest.raises(PermissionDenied, match="WRITE VOLUME on Volume 'main\\.default\\.stage'"):
        client.files.upload(FILE, io.BytesIO(b"2"), overwrite=True)
    assert content(client) == b"1"


def test_a_file_of_the_workspace_is_imported(client: WorkspaceClient, standin: DatabricksStandIn) -> None:
    client.workspace.mkdirs(f"{HOME}/loads")
    path = f"{HOME}/loads/lines.sql"
    client.workspace.upload(path, b"SELECT 1", format=ImportFormat.AUTO, overwrite=True)
    assert standin.files.text(path) == "SELECT 1"
    client.workspace.upload(path, b"SELECT 2", format=ImportFormat.AUTO, overwrite=True)
    assert standin.files.text(f"/Users/{CLIENT_ID}/loads/lines.sql") == "SELECT 2"
    found = client.workspace.get_status(path)
    assert found.object_type is not None
    assert found.object_type.value == "FILE"


def test_a_file_of_the_workspace_needs_a_folder_and_a_free_place(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="The parent folder"):
        client.workspace.upload(f"{HOME}/none/x.sql", b"SELECT 1", format=ImportFormat.AUTO)
    client.workspace.upload(f"{HOME}/x.sql", b"SELECT 1", format=ImportFormat.AUTO)
    with pytest.raises(ResourceAlreadyExists):
        client.workspace.upload(f"{HOME}/x.sql", b"SELECT 1", format=ImportFormat.AUTO)


def test_what_is_imported_as_source_is_a_notebook_without_its_ending(
    client: WorkspaceClient, standin: DatabricksStandIn
) -> None:
    client.workspace.upload(f"{HOME}/x.sql", b"SELECT 1", format=ImportFormat.SOURCE, language=Language.SQL)
    with pytest.raises(LookupError, match="does not exist"):
        standin.files.text(f"{HOME}/x.sql")
    with pytest.raises(LookupError, match="is a notebook"):
        standin.files.text(f"{HOME}/x")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"path": "x.sql", "format": "AUTO"}, "INVALID_PARAMETER_VALUE"),
        ({"path": "/Shared/x.sql", "format": "AUTO", "content": "no base64!"}, "INVALID_PARAMETER_VALUE"),
        ({"path": "/Shared/x.sql"}, "INVALID_PARAMETER_VALUE"),
        ({"path": "/Shared/x.sql", "format": "DBC"}, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_an_import_that_cannot_be_is_refused(api: httpx.Client, body: dict[str, Any], error: str) -> None:
    answer = api.post("/api/2.0/workspace/import", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, error)
