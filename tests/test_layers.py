"""The rules of the house: who may import whom, and what pure code may touch."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from mlconnector.systems.registry import sink_systems, warehouse_names

# Each worker of a run would read all of the source.
pytestmark = pytest.mark.xdist_group("layers")
ROOT = "mlconnector"
SOURCE = Path(__file__).resolve().parents[1] / "src" / ROOT
# What is read together stands together; beyond this nobody reads it at a sitting.
LONGEST = 500

_PURE = frozenset({"model", "mapping", "formats"})
_LOWER = _PURE | {"errors"}
_WORK = _LOWER | {
    "console_settings",
    "learnt_shapes",
    "store",
    "systems",
    "flow",
    "settings",
    "texts",
    "environment",
    "toml_lines",
}
_SURFACE = _WORK | {"app", "web"}
MAY_IMPORT = {
    "model": frozenset[str](),
    "errors": frozenset({"model"}),
    "mapping": frozenset({"model", "errors"}),
    "learnt_shapes": frozenset[str](),
    "formats": frozenset({"model", "errors", "learnt_shapes"}),
    "store": _LOWER,
    "systems": _LOWER | {"learnt_shapes"},
    "given_files": frozenset[str](),
    "environment": frozenset({"texts"}),
    "console_settings": frozenset({"model", "systems"}),
    "setting_checks": frozenset({"model", "texts"}),
    "settings": frozenset(
        {
            "errors",
            "model",
            "texts",
            "environment",
            "given_files",
            "systems",
            "toml_lines",
            "console_settings",
            "setting_checks",
        }
    ),
    "toml_lines": frozenset[str](),
    "texts": frozenset({"model", "errors"}),
    "flow": _WORK,
    "app": _WORK,
    "web": _WORK | {"app"},
    "commands": _SURFACE | {"standins", "given_files"},
    "cli": _SURFACE | {"commands"},
    "__main__": frozenset({"cli"}),
    "standins": frozenset[str](),
}
"""For each part of the house the other parts that it may import; the package's version is free to all."""

_WITH_EFFECTS = frozenset(
    {
        "alembic", "asyncio", "concurrent", "dbos", "fastapi", "glob", "http", "httpx",
        "multiprocessing", "os", "pathlib", "psycopg", "random", "requests", "secrets", "shutil",
        "signal", "socket", "sqlalchemy", "sqlite3", "ssl", "starlette", "subprocess", "sys",
        "tempfile", "threading", "time", "urllib", "uvicorn",
    }
)  # fmt: skip
_CLOCK_AND_CHANCE = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "getnode"})
_TOUCHING = frozenset({"open", "print", "input", "exec", "eval"})
_WIRED = frozenset({"open_database", "Services", "Vault"})
_RECORDS = f"{ROOT}.store.migrations.versions."
"""A migration is a record of what was done to a database, not code that somebody goes on writing."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Dotted names of everything that a module imports, wherever in it."""
    package = module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {name if (name := f"{base}.{alias.name}") in modules() else base for alias in node.names}
    return frozenset(found)


def part(module: str) -> str:
    """The part of the house that a module of the product belongs to, e.g. `flow`; empty for its root."""
    return module.split(".")[1] if "." in module else ""


def of_the_product(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] == ROOT}


def systems_in(folder: str) -> set[str]:
    return {path.parent.name for path in (SOURCE / folder).glob("*/__init__.py")} - {"kit"}


def members(*parts: str) -> list[str]:
    return [module for module in modules() if part(module) in parts]


@pytest.mark.parametrize("module", modules())
def test_imports_run_one_way(module: str) -> None:
    here = part(module)
    if not here:
        assert not of_the_product(imports(module)) - {ROOT}
        return
    assert here in MAY_IMPORT, f"{here} is a part that the house does not know: say what it may import"
    foreign = {name for name in of_the_product(imports(module)) if part(name) not in {"", here}}
    wrong = {name for name in foreign if part(name) not in MAY_IMPORT[here]}
    assert not wrong, f"{here} may import {sorted(MAY_IMPORT[here])}"


@pytest.mark.parametrize("module", members("model", "mapping", "formats"))
def test_pure_code_touches_nothing_outside(module: str) -> None:
    assert not {name for name in imports(module) if name.split(".")[0] in _WITH_EFFECTS}


@pytest.mark.parametrize("module", members("model", "mapping", "formats"))
def test_pure_code_knows_no_clock_no_chance_and_no_files(module: str) -> None:
    called = [node.func for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    attributes = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
    names = {function.id for function in called if isinstance(function, ast.Name)}
    assert not attributes & _CLOCK_AND_CHANCE
    assert not names & _TOUCHING


@pytest.mark.parametrize("module", members("standins"))
def test_stand_ins_know_nothing_of_the_product(module: str) -> None:
    assert {part(name) for name in of_the_product(imports(module))} <= {"standins"}


@pytest.mark.parametrize("module", members("systems", "standins"))
def test_one_outside_system_knows_nothing_of_another(module: str) -> None:
    folder = part(module)
    own = module.split(".")[2] if module.count(".") >= 2 else None
    if own not in systems_in(folder):
        return
    others = systems_in(folder) - {own}
    reached = {name.split(".")[2] for name in imports(module) if name.startswith(f"{ROOT}.{folder}.")}
    assert not reached & others


def test_systems_are_imported_by_nobody_but_themselves() -> None:
    named = {
        (module, name)
        for module in modules()
        for name in imports(module)
        for system in systems_in("systems")
        if f"{name}.".startswith(f"{ROOT}.systems.{system}.")
        and not f"{module}.".startswith(f"{ROOT}.systems.{system}.")
    }
    assert not named, "a system comes in by the registry"


@pytest.mark.parametrize("module", members("flow", "commands", "web", "store", "app", "cli", "texts"))
def test_code_outside_the_systems_says_no_sink_s_name(module: str) -> None:
    said = {
        node.value
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert bool(said & set(sink_systems())) == (module in SAYS_THE_FORMAT)
    assert not said & set(warehouse_names())


SAYS_THE_FORMAT = {f"{ROOT}.commands.preview_exports", f"{ROOT}.commands.explain"}
"""Modules that say in whose format, or by whose codes, they show something."""

IN_FLOW = (
    *("context", "people", "agree", "intake", "decide", "batches"),
    *("deliver", "connect", "report", "preview", "warehouse", "notify", "engine"),
)
"""The folders of `flow` in the order in which they may import: each those before it."""


@pytest.mark.parametrize("module", members("flow"))
def test_imports_inside_flow_run_one_way(module: str) -> None:
    if module.count(".") < 2:
        return
    here = IN_FLOW.index(module.split(".")[2])
    reached = {name.split(".")[2] for name in imports(module) if name.startswith(f"{ROOT}.flow.")}
    assert {one for one in reached if IN_FLOW.index(one) > here} == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles({module: of_the_product(imports(module)) - {module} for module in modules()}) == []


def test_no_folders_import_each_other_in_a_circle() -> None:
    folders: dict[str, set[str]] = {}
    for module in modules():
        reached = {folder_of(name) for name in of_the_product(imports(module)) if name in modules()}
        folders.setdefault(folder_of(module), set()).update(reached - {folder_of(module)})
    assert circles(folders) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def folder_of(module: str) -> str:
    """The folder that a module stands in; what stands in the root counts for itself."""
    if modules()[module].name == "__init__.py" or module.count(".") == 1:
        return module
    return module.rpartition(".")[0]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of names that reach each other."""
    reach = {name: set(near) for name, near in graph.items()}
    for through, further in reach.items():
        for near in reach.values():
            if through in near:
                near |= further
    found = {
        frozenset(other for other, back in reach.items() if other in near and name in back)
        for name, near in reach.items()
    }
    return sorted(sorted(group) for group in found if group)


def test_every_outside_system_has_a_stand_in() -> None:
    """All but a warehouse that is a folder of this machine."""
    assert systems_in("systems") - systems_in("standins") <= set(warehouse_names())


def test_only_app_puts_settings_store_and_flows_together() -> None:
    wiring = {
        module
        for module in modules()
        for node in ast.walk(tree(module))
        if part(module) != "standins"
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _WIRED
    }
    assert wiring == {f"{ROOT}.app"}


@pytest.mark.parametrize("module", [each for each in modules() if not each.startswith(_RECORDS)])
def test_a_module_can_be_read_at_a_sitting(module: str) -> None:
    lines = len(modules()[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST


def test_there_is_something_to_look_at() -> None:
    assert {"model", "mapping", "formats", "systems", "store", "flow"} <= {part(each) for each in modules()}
