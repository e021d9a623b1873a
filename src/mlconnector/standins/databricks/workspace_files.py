"""Files of the workspace: SQL that jobs run. What is imported as SOURCE is a notebook: jobs do not run it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from mlconnector.standins.databricks.answers import Row, invalid, missing, refusal
from mlconnector.standins.databricks.endpoint import Api, Asked

LARGEST = 10 * 1024 * 1024
_LANGUAGES = {"SQL": ".sql", "PYTHON": ".py", "SCALA": ".scala", "R": ".r"}
_NOTEBOOK = "Databricks notebook source"


@dataclass
class Object:
    """A file, notebook or directory."""

    kind: str
    content: bytes = b""
    id: int = 0


@dataclass
class WorkspaceFiles:
    """All objects by their paths, which are written without `/Workspace` before them."""

    changed: Callable[[], None]
    objects: dict[str, Object] = field(
        default_factory=lambda: {"": Object("DIRECTORY"), "/Shared": Object("DIRECTORY")}
    )

    def add_home(self, principal: str) -> None:
        """Make the folder of a principal."""
        self._make_folders(f"/Users/{principal}")

    def routes(self) -> list[Api]:
        """The endpoints of files of the workspace."""
        base = "/api/2.0/workspace"
        return [
            Api("POST", f"{base}/mkdirs", self._mkdirs),
            Api("POST", f"{base}/import", self._import),
            Api("POST", f"{base}/delete", self._delete),
            Api("GET", f"{base}/get-status", self._status),
            Api("GET", f"{base}/export", self._export),
            Api("GET", f"{base}/list", self._list),
        ]

    def text(self, path: str) -> str:
        """The text of a SQL file; raises LookupError where there is none, or it is a notebook."""
        found = self.objects.get(normal(path))
        if found is None or found.kind == "DIRECTORY":
            raise LookupError(f"The file {path} does not exist.")
        if found.kind == "NOTEBOOK":
            raise LookupError(f"{path} is a notebook and not a file.")
        return found.content.decode()

    def _mkdirs(self, asked: Asked) -> Row:
        self._make_folders(normal(str(asked.required("path"))))
        self.changed()
        return {}

    def _import(self, asked: Asked) -> Row:
        path, kind = normal(str(asked.required("path"))), str(asked.body.get("format") or "SOURCE")
        content = _content(asked.body.get("content", ""))
        if len(content) > LARGEST:
            raise refusal(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", f"The content is longer than {LARGEST} bytes.")
        path, kind = _kind(path, kind, asked.body.get("language"), content)
        folder = path.rpartition("/")[0]
        if folder not in self.objects:
            raise missing(f"The parent folder ({folder}) does not exist.")
        there = self.objects.get(path)
        if there is not None and asked.body.get("overwrite") not in (True, "true"):
            raise refusal(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
        if there is not None and there.kind != kind:
            raise refusal(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) exists and is a {there.kind}.")
        self.objects[path] = Object(kind, content, len(self.objects) + 1)
        self.changed()
        return {}

    def _delete(self, asked: Asked) -> Row:
        path, _ = self._found(str(asked.required("path")))
        inner = [each for each in self.objects if each.startswith(f"{path}/")]
        if inner and not asked.body.get("recursive"):
            raise refusal(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty.")
        for each in [path, *inner]:
            del self.objects[each]
        self.changed()
        return {}

    def _status(self, asked: Asked) -> Row:
        return _shown(*self._found(asked.query.get("path", "")))

    def _export(self, asked: Asked) -> Row:
        _, found = self._found(asked.query.get("path", ""))
        return {"content": base64.b64encode(found.content).decode()}

    def _list(self, asked: Asked) -> Row:
        path, _ = self._found(asked.query.get("path", ""))
        inner = [each for each in self.objects if each and each.rpartition("/")[0] == path]
        return {"objects": [_shown(each, self.objects[each]) for each in sorted(inner)]}

    def _found(self, path: str) -> tuple[str, Object]:
        found = self.objects.get(normal(path))
        if found is None:
            raise missing(f"Path ({path}) doesn't exist.")
        return normal(path), found

    def _make_folders(self, path: str) -> None:
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            made = "/".join(parts[:count])
            if self.objects.setdefault(made, Object("DIRECTORY")).kind != "DIRECTORY":
                raise refusal(400, "RESOURCE_ALREADY_EXISTS", f"{made} exists and is no folder.")


def normal(path: str) -> str:
    """A path as it is kept; raises Refusal where it is not absolute."""
    if not path.startswith("/"):
        raise invalid(f"Path ({path}) doesn't start with '/'")
    return path.removeprefix("/Workspace").rstrip("/")


def _kind(path: str, kind: str, language: str | None, content: bytes) -> tuple[str, str]:
    """Where an object comes to lie, and what it is: notebooks lose the ending of their names."""
    if kind == "RAW":
        return path, "FILE"
    if kind == "AUTO":
        is_notebook = _NOTEBOOK.encode() in content.partition(b"\n")[0]
        return (path.rpartition(".")[0] or path, "NOTEBOOK") if is_notebook else (path, "FILE")
    if kind != "SOURCE":
        raise invalid(f"Unsupported format: {kind}")
    if not language:
        raise invalid("The language is required for the format SOURCE.")
    return path.removesuffix(_LANGUAGES.get(str(language).upper(), "")), "NOTEBOOK"


def _content(given: str | bytes) -> bytes:
    if isinstance(given, bytes):
        return given
    try:
        return base64.b64decode(given, validate=True)
    except binascii.Error:
        raise invalid("The content is not encoded in base64.") from None


def _shown(path: str, found: Object) -> Row:
    return {"path": path or "/", "object_type": found.kind, "object_id": found.id, "size": len(found.content)}
