"""Notifications: what is worth telling, whom, when, and how it gets there."""
