"""People: who may use the console, in which role, and how they log in."""
