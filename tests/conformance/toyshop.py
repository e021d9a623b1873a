"""Toyshop, the source on the page about adding a system, as one that passes the suite.

Its files are loaded from the page and stand in no folder of the product, so that no other test finds them.
"""

from __future__ import annotations

import atexit
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, ClassVar
from unittest.mock import patch

from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference, Source, SourceContext
from mlconnector.texts import tables
from tests.conformance.source_suite import SourceRig
from tests.docs.blocks import ADD_A_SYSTEM, blocks, write_down

_FILES = blocks(ADD_A_SYSTEM)
_CHECKS = tomllib.loads(_FILES["src/mlconnector/systems/toyshop/texts/checks.toml"])
_folder = TemporaryDirectory()
atexit.register(_folder.cleanup)
write_down(_FILES, Path(_folder.name))


def _loaded(path: str) -> ModuleType:
    """A module of the page under the name that it has in the project."""
    file = Path(_folder.name, path)
    parts = Path(path.removeprefix("src/")).with_suffix("").parts
    name = ".".join(parts).removesuffix(".__init__")
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_loaded("src/mlconnector/standins/toyshop/__init__.py")
_loaded("src/mlconnector/systems/toyshop/__init__.py")
_rig = _loaded("tests/systems/toyshop/test_conformance.py").toyshop_rig


class Toyshop:
    """Toyshop as it is; a kind of it that overrides something, or has functions `replaced`, is mistaken.

    `replaced` makes wrong functions of good ones, by where these stand in Toyshop's folder: module and name.
    """

    replaced: ClassVar[tuple[tuple[tuple[str, str], Callable[[Any], Any]], ...]] = ()

    def __init__(self, good: Source, context: SourceContext) -> None:
        self.good = good
        self.context = context

    def check(self) -> Iterator[CheckStep]:
        return self.good.check()

    def changes(self, since: str | None, position: str | None) -> Page:
        return self.good.changes(since, position)

    def cursor_from(self, moment: datetime | None) -> str:
        return self.good.cursor_from(moment)

    def goes_on(self, cursor: str) -> bool:
        return self.good.goes_on(cursor)

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        return self.good.fetch(references)

    def download(self, attachment_id: str, limit: int) -> bytes:
        return self.good.download(attachment_id, limit)

    def verify(self, delivery: Delivery) -> Hint:
        return self.good.verify(delivery)

    def close(self) -> None:
        self.good.close()


@contextmanager
def toyshop_rig(kind: type[Toyshop] = Toyshop) -> Iterator[SourceRig]:
    """A rig around Toyshop of this kind."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(tables.table("checks.toml"), _CHECKS))
        for (module, name), wrong in kind.replaced:
            target = sys.modules[f"mlconnector.systems.toyshop.{module}"]
            stack.enter_context(patch.object(target, name, wrong(getattr(target, name))))
        rig: SourceRig = stack.enter_context(_rig())
        good = rig.system.open
        rig.system = replace(rig.system, open=lambda context: kind(good(context), context))
        yield rig
