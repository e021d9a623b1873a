"""Booking: records become vouchers, vouchers entries, and entries frozen batches."""
