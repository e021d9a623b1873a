"""Access: connections are set up, logged in, checked, and cut off when something is wrong."""
