"""The engine: durable workflows, their schedules, and the watch over other processes."""
