"""Warehouse: what passed through becomes rows of governed tables, written down before it is loaded."""
