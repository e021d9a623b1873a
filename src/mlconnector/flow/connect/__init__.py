"""Connect: connections are set up, logged in, checked and ended."""
