"""What all systems share, said once; it knows none of them."""
