"""What all systems share: HTTP, OAuth, pacing, redaction, kinds of settings, values, check steps."""
