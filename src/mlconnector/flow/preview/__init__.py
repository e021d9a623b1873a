"""Preview: what would be booked, as a Buchungsliste and as files, with nothing stored and nothing sent."""
