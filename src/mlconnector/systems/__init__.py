"""One folder for each outside system, and beside them the HTTP and OAuth seams they share."""
