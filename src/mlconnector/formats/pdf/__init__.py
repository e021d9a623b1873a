"""Pages that people read, as PDF."""
