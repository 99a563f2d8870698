"""What the source does not have any more: which records, and how they are archived or deleted."""
