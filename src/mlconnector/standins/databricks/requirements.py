"""What has to be installed before a workspace can be made: the engine is a matter of development."""

from __future__ import annotations

from importlib.util import find_spec

_NEEDED = ("sqlglot", "pysail", "pyspark", "deltalake", "pyarrow", "pandas")


class MissingEngine(RuntimeError):
    """Packages that carry out the SQL are not installed."""


def check() -> None:
    """Raise MissingEngine, which says what to install."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingEngine(
            "The stand-in of Databricks carries out SQL with packages for development, of which are missing: "
            f"{', '.join(missing)}. Install them: pip install 'ml-connector[dev]'"
        )
