"""The commands of `ml-connector`, a module for each concern; `cli.py` puts them together."""
