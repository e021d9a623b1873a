"""Requests checked against Pipedrive's official descriptions of API v1 and v2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import jsonschema
import yaml

from tests.specifications import located

NAME = "pipedrive/openapi"
_HIGHEST = re.compile(
    r"maximum (?:value )?of (\d+)|up to (\d+) entity ids|[Mm]aximum of (\d+) deal IDs", re.ASCII
)


def complaints(method: str, url: str) -> Iterator[str]:
    """What the descriptions have against a request."""
    address = httpx.URL(url)
    _, _, version, rest = address.path.split("/", 3)
    path = f"/{rest}"
    operation = _operation(version, path, method)
    if operation is None:
        yield f"{method} {address.path} does not exist"
        return
    described = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "query"}
    given = dict[str, list[str]]()
    for name, value in address.params.multi_items():
        given.setdefault(name, []).append(value)
    yield from (f"{path}: {name} is not described" for name in given.keys() - described.keys())
    for name, parameter in described.items():
        if name in given:
            yield from (f"{path}: {name}: {wrong}" for wrong in _wrong(parameter, given[name]))
        elif parameter.get("required"):
            yield f"{path}: {name} is missing"


def _wrong(parameter: dict[str, Any], values: list[str]) -> Iterator[str]:
    schema, text = parameter["schema"], parameter.get("description", "")
    if schema["type"] == "array":
        parts = values if parameter.get("explode", True) else values[0].split(",")
        schema = schema["items"]
    elif len(values) > 1:
        yield "is repeated"
        return
    else:
        parts = values[0].split(",") if "omma separated" in text else values
    highest = next((int(each) for found in _HIGHEST.findall(text) for each in found if each), None)
    if highest is not None and len(parts) > highest:
        yield f"more than {highest} values"
    for part in parts:
        value = int(part) if schema["type"] == "integer" and part.isdigit() else part
        yield from (error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value))
        if isinstance(value, int) and highest is not None and len(parts) == 1 and value > highest:
            yield f"{value} is above {highest}"


def _operation(version: str, path: str, method: str) -> dict[str, Any] | None:
    paths = _description(version)["paths"]
    for described in sorted(paths, key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(described)), path):
            found: dict[str, Any] | None = paths[described].get(method.lower())
            if found is not None:
                return found
    return None


@cache
def _description(version: str) -> dict[str, Any]:
    text = (located(NAME) / f"{version}.yaml").read_bytes()
    content: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return content
