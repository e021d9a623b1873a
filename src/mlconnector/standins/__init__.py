"""Stand-ins of the outside systems, as strict as the originals, for the demo and the tests."""
