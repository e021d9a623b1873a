"""Batches: entries and master data become frozen files, one kind of batch for each format."""
