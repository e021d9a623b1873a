"""Every sentence a user reads, in German and English, and the error catalogue."""
