"""Pure formats: objects to bytes and back, names and GUIDs; no clock, no randomness, no I/O."""
