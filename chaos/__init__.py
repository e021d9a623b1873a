"""Seeded disorder around the real processes, and the proof that everything arrived once all the same."""
