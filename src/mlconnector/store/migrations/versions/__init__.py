"""Steps of the database's history; they only go forward, the way back is a backup."""
