"""What the source code names: keys and facts of problems, steps and causes of pings, found in its syntax trees.

Values are followed through conditional expressions, local names, loops over literals, constants, returns and
callers within one module. What cannot be followed so is reported as `unfollowed`, never left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mlconnector

SOURCE = Path(mlconnector.__file__).parent
_LONGEST_CHAIN = 12

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Found:
    """What an expression may be: texts (or names of facts), and what could not be followed."""

    values: set[str] = field(default_factory=set)
    unfollowed: set[str] = field(default_factory=set)

    def __or__(self, other: Found) -> Found:
        return Found(self.values | other.values, self.unfollowed | other.unfollowed)


@dataclass(frozen=True)
class Named:
    """One place that names keys: where it stands, the keys, and the facts it gives."""

    where: str
    keys: Found
    facts: Found


class Module:
    """A module of the source, and what its expressions may be."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(SOURCE).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self._inside: dict[ast.AST, Function] = {}
        for function in self.functions.values():
            for node in ast.walk(function):
                self._inside.setdefault(node, function)

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Calls of a function or class by its bare name, or as an attribute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _called(node) == name:
                yield node

    def texts(self, node: ast.expr | None, depth: int = 0) -> Found:
        """The texts that an expression may be."""
        if node is None:
            return Found()
        if isinstance(node, ast.Constant):
            return Found({node.value}) if isinstance(node.value, str) else Found()
        return self._followed(node, depth, self.texts)

    def names_in(self, node: ast.expr | None, depth: int = 0) -> Found:
        """The keys of the dictionary that an expression may be."""
        if node is None:
            return Found()
        if isinstance(node, ast.Dict):
            found = Found()
            for key, value in zip(node.keys, node.values, strict=True):
                found |= self.names_in(value, depth + 1) if key is None else self.texts(key, depth + 1)
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.names_in(node.left, depth + 1) | self.names_in(node.right, depth + 1)
        if isinstance(node, ast.Call) and _called(node) == "fromkeys":
            return self._elements(node.args[0])
        if isinstance(node, ast.Call) and _called(node) == "dict" and node.args:
            return self.names_in(node.args[0], depth + 1)
        return self._followed(node, depth, self.names_in)

    def _followed(self, node: ast.expr, depth: int, resolve: Callable[[ast.expr | None, int], Found]) -> Found:
        nexts: Iterable[ast.expr] | None = None
        if depth > _LONGEST_CHAIN:
            nexts = None
        elif isinstance(node, ast.IfExp):
            nexts = (node.body, node.orelse)
        elif isinstance(node, ast.BoolOp):
            nexts = node.values
        elif isinstance(node, ast.Name):
            nexts = self._values_of(node)
        elif isinstance(node, ast.Call) and _called(node) in self.functions:
            nexts = _returned(self.functions[_called(node)])
        found = Found()
        for each in nexts or ():
            found |= resolve(each, depth + 1)
        return found if nexts else Found(unfollowed={f"{self.name}: {ast.unparse(node)}"})

    def _values_of(self, name: ast.Name) -> list[ast.expr]:
        """What a name may stand for: local values, else those that callers give, else a constant of the module."""
        function = self._inside.get(name)
        if function is not None:
            local = _assigned(function, name.id)
            if local:
                return local
            if name.id in _parameters(function):
                return list(self._given(function, name.id))
        return _assigned(self.tree, name.id, deep=False)

    def _given(self, function: Function, parameter: str) -> Iterator[ast.expr]:
        position = _parameters(function).index(parameter)
        for call in self.calls(function.name):
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            if parameter in named:
                yield named[parameter]
            elif position < len(call.args):
                yield call.args[position]
        positional = function.args.posonlyargs + function.args.args
        first = len(positional) - len(function.args.defaults)
        defaults = dict(zip((each.arg for each in positional[first:]), function.args.defaults, strict=True))
        if parameter in defaults:
            yield defaults[parameter]

    def _elements(self, node: ast.expr) -> Found:
        found = Found()
        for each in self._values_of(node) if isinstance(node, ast.Name) else [node]:
            for element in each.elts if isinstance(each, ast.Tuple | ast.List) else [each]:
                inner = self._elements(element.value) if isinstance(element, ast.Starred) else self.texts(element)
                found |= inner
        return found


def modules(*folders: str) -> list[Module]:
    """The modules of the source in these folders; all but the stand-ins where none is named."""
    paths = [path for folder in folders or (".",) for path in sorted((SOURCE / folder).rglob("*.py"))]
    return [Module(path) for path in paths if "standins" not in path.relative_to(SOURCE).parts]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _assigned(scope: ast.AST, name: str, *, deep: bool = True) -> list[ast.expr]:
    """The values that a scope gives to a name: by assignment, or by a loop over a literal."""
    found: list[ast.expr] = []
    for node in ast.walk(scope) if deep else ast.iter_child_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found += _bound(target, node.value, name)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            found += _bound(node.target, node.value, name)
    return found


def _bound(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr]:
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [each for one, other in zip(target.elts, value.elts, strict=True) for each in _bound(one, other, name)]
    return []


def _returned(function: Function) -> list[ast.expr]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named if named is not None or position >= len(call.args) else call.args[position]


def problems() -> list[Named]:
    """Every place that makes a problem."""
    return [
        Named(
            f"{module.name}:{call.lineno}",
            module.texts(_argument(call, 0, "key")),
            module.names_in(_argument(call, 1, "facts")),
        )
        for module in modules()
        for call in module.calls("Problem")
    ]
