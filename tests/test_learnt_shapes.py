"""No thread reads into a shape that another one still makes known."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.test_layers import modules

RACE = """
import sys, threading
import msgspec
from mlconnector.learnt_shapes import learnt

sys.setswitchinterval(1e-6)
NESTED = {"amount": 1, "text": "x"}
CONTENT = {"one": NESTED, "more": [NESTED], "none": None, "by_name": {}, "lists": {}}

def shape():
    inner = msgspec.defstruct("Inner", [("amount", int), ("text", str)])
    kinds = {"one": inner, "more": list[inner], "none": int | None}
    kinds |= {"by_name": dict[str, int], "lists": "dict[str, list[int]]"}
    return msgspec.defstruct("Outer", list(kinds.items()))

for _ in range(300):
    outer, start = shape(), threading.Barrier(6)
    def read():
        start.wait()
        msgspec.convert(CONTENT, learnt(outer))
    threads = [threading.Thread(target=read) for _ in range(6)]
    for one in threads: one.start()
    for one in threads: one.join()
"""


def test_threads_that_read_into_a_new_shape_at_once_do_not_end_the_process() -> None:
    subprocess.run([sys.executable, "-c", RACE], check=True)


# Stand-ins know nothing of the product, and each reads what it needs in a thread of its own.
PRODUCT = sorted(name for name in modules() if ".standins" not in name)


@pytest.mark.parametrize("name", PRODUCT)
def test_whatever_is_read_into_was_learnt(name: str) -> None:
    tree = ast.parse(modules()[name].read_bytes())
    given = [shape for node in ast.walk(tree) if (shape := shape_of(node)) is not None]
    assert [ast.unparse(each) for each in given if not is_safe(each)] == []


def shape_of(node: ast.AST) -> ast.expr | None:
    """The shape that a call of msgspec reads into; a decoder knows its own since its module was imported."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("msgspec."):
        return None
    function = ast.unparse(node.func).rpartition(".")[2]
    named = [each.value for each in node.keywords if each.arg == "type"]
    return next(iter([*named, *node.args[1:2]]), None) if function in {"convert", "decode"} else None


def is_safe(shape: ast.expr) -> bool:
    """Whether it was learnt, or is of plain JSON."""
    return ast.unparse(shape).startswith("learnt(") or ast.unparse(shape) == "dict[str, Any]"
