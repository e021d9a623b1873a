"""Deliver: batches are handed over once, and their jobs are followed to the end."""
