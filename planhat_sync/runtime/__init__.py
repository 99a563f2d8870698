"""How a process begins, shows its progress and ends."""
