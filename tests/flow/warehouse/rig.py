"""What tests of loading share."""

LOAD_POINTS = ("load_planned", "load_staged", "load_applied", "load_audited")
"""The points of the way that only an installation with a warehouse reaches."""
