"""A record of another source becomes a record of Planhat's; pure decisions, no I/O."""
