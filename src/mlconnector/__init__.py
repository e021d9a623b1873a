"""ml-connector carries finished business documents into DATEV: exactly once, with every booking explained."""

__version__ = "0.1.0"
