"""Intake: records that changed in the source become vouchers, and parties person accounts."""
