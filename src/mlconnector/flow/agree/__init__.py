"""Agree: charts, numbers, seeds and master data that were agreed with the tax adviser."""
