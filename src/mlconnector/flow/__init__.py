"""The durable steps between a source and DATEV: intake, book, deliver, follow, schedules."""
