"""What can go wrong on demand, and for which requests."""
