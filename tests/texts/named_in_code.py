"""What the source code names: keys and facts of problems and of steps of a ping, found in its syntax trees.

Values are followed through conditional expressions, names, constants, returns and callers within one module.
What cannot be followed so is reported as `unfollowed`, never left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mlconnector

SOURCE = Path(mlconnector.__file__).parent
_LONGEST_CHAIN = 12
_STEP = re.compile(r"[a-z0-9]+(\.[a-z_]+)+")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Found:
    """What an expression may be: texts (or names of facts), and what could not be followed."""

    values: frozenset[str] = frozenset()
    unfollowed: frozenset[str] = frozenset()

    def __or__(self, other: Found) -> Found:
        return Found(self.values | other.values, self.unfollowed | other.unfollowed)


@dataclass(frozen=True)
class Problems:
    """A place that makes a problem: where it stands, which keys it may have, which facts it gives."""

    where: str
    keys: Found
    facts: Found


@dataclass(frozen=True)
class Steps:
    """A place that makes a step of a ping."""

    where: str
    keys: Found
    causes: Found
    facts: Found
    who: Found


@dataclass
class Module:
    """A module of the source, and what its expressions may be."""

    path: Path
    tree: ast.Module = field(init=False)
    functions: dict[str, Function] = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(self.tree) if isinstance(node, Function)]
        self.functions = {function.name: function for function in functions}
        self._home = {node: function for function in functions for node in ast.walk(function)}

    @property
    def name(self) -> str:
        return self.path.relative_to(SOURCE).as_posix()

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Calls of a function or class, by its own name or as an attribute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _called(node) == name:
                yield node

    def texts(self, node: ast.expr | None, depth: int = 0) -> Found:
        """The texts that an expression may be."""
        if node is None:
            return Found()
        if isinstance(node, ast.Constant):
            return Found(frozenset({node.value})) if isinstance(node.value, str) else Found()
        return self._followed(node, depth, self.texts)

    def keys(self, node: ast.expr | None, depth: int = 0) -> Found:
        """The keys of the dictionary that an expression may be."""
        if node is None or isinstance(node, ast.Constant):
            return Found()
        if isinstance(node, ast.Dict):
            found = Found()
            for key, value in zip(node.keys, node.values, strict=True):
                found |= self.keys(value, depth + 1) if key is None else self.texts(key, depth + 1)
            return found
        if isinstance(node, ast.Call) and _called(node) == "dict":
            return self.keys(node.args[0], depth + 1)
        return self._followed(node, depth, self.keys)

    def _followed(self, node: ast.expr, depth: int, follow: Callable[[ast.expr, int], Found]) -> Found:
        meant = self._meant(node) if depth < _LONGEST_CHAIN else ()
        found = Found()
        for each in meant:
            found |= follow(each, depth + 1)
        return found if meant else Found(unfollowed=frozenset({f"{self.name}: {ast.unparse(node)}"}))

    def _meant(self, node: ast.expr) -> Sequence[ast.expr]:
        """The expressions whose value this one may have; none where that cannot be said."""
        if isinstance(node, ast.IfExp):
            return (node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.Call) and _called(node) in self.functions:
            return _returned(self.functions[_called(node)])
        if isinstance(node, ast.Name):
            return self._values_of(node)
        return ()

    def _values_of(self, name: ast.Name) -> list[ast.expr]:
        """What a name may stand for: a local value, else what callers give, else a constant of the module."""
        home = self._home.get(name)
        if home is not None:
            found = _assigned(ast.walk(home), name)
            if name.id in _parameters(home):
                found = found or self._given(home, name.id)
            if found:
                return found
        return _assigned(self.tree.body, name)

    def _given(self, function: Function, parameter: str) -> list[ast.expr]:
        """What callers within the module give for a parameter, and its default."""
        position = _parameters(function).index(parameter)
        given = [argument(call, position, parameter) for call in self.calls(function.name)]
        positional = [each.arg for each in function.args.args]
        defaults = function.args.defaults
        by_default = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
        return [each for each in (*given, by_default.get(parameter)) if each is not None]


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """The argument of a call by position or by name; None where it is not given."""
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named if named is not None or position >= len(call.args) else call.args[position]


def modules() -> Iterator[Module]:
    """Every module of the source but the stand-ins."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "standins" not in path.relative_to(SOURCE).parts:
            yield Module(path)


def step_names() -> frozenset[str]:
    """Every text in the source that is written like the key of a step, in modules that make steps."""
    return frozenset(
        node.value
        for module in modules()
        if any(module.calls("CheckStep"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _STEP.fullmatch(node.value)
    )


def problems() -> list[Problems]:
    """Every place that makes a problem."""
    return [
        Problems(
            f"{module.name}:{call.lineno}",
            module.texts(argument(call, 0, "key")),
            module.keys(argument(call, 1, "facts")),
        )
        for module in modules()
        for call in module.calls("Problem")
    ]


def steps() -> list[Steps]:
    """Every place that makes a step of a ping."""
    return [
        Steps(
            f"{module.name}:{call.lineno}",
            module.texts(argument(call, 0, "key")),
            module.texts(argument(call, 2, "cause")),
            module.keys(argument(call, 3, "facts")),
            module.texts(argument(call, 4, "who")),
        )
        for module in modules()
        for call in module.calls("CheckStep")
    ]


def events() -> dict[str, Found]:
    """What each place that writes to the audit trail may call its event, by where it stands."""
    return {
        f"{module.name}:{call.lineno}": module.texts(argument(call, position, "event"))
        for module in modules()
        for name, position in (("event", 1), ("AuditEvent", 2))
        for call in module.calls(name)
    }


def details() -> list[Found]:
    """The names that each place that writes to the audit trail gives in the detail of its event."""
    return [
        module.keys(argument(call, position, "detail"))
        for module in modules()
        for name, position in (("event", 2), ("AuditEvent", 3))
        for call in module.calls(name)
    ]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parameters(function: Function) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _returned(function: Function) -> list[ast.expr]:
    return [
        node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None
    ]


def _assigned(nodes: Iterable[ast.AST], name: ast.Name) -> list[ast.expr]:
    """What nodes assign to a name: the nearest before its use and what was added since, else all there is."""
    plain: list[ast.expr] = []
    added: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Assign):
            plain += [value for target in node.targets for value in _bound(target, node.value, name.id)]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            plain += _bound(node.target, node.value, name.id)
        elif isinstance(node, ast.AugAssign):
            added += _bound(node.target, node.value, name.id)
    before = [value for value in plain if value.lineno <= name.lineno]
    if not before:
        return plain
    nearest = max(before, key=lambda value: value.lineno)
    return [nearest, *(value for value in added if nearest.lineno <= value.lineno <= name.lineno)]


def _bound(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr]:
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [each for pair in zip(target.elts, value.elts, strict=True) for each in _bound(*pair, name)]
    return []
