"""The console: pages for people, over the same functions as commands and API."""
