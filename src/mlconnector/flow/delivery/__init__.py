"""Delivery: batches go to DATEV once, and their jobs are followed to the end."""
