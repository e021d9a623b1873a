"""One folder for each outside system, the protocols that they keep to, and the kit that they share."""
