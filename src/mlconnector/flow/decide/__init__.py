"""Decide: vouchers become entries with their documents, or wait with their problems."""
