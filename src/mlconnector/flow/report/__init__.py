"""Report: what became of everything, what waits and why, and the story of one voucher."""
