"""The Alembic environment: one file in `versions/` for each step of the database's history."""
