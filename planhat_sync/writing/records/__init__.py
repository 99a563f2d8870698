"""A record becomes a payload, or a reject that says why not; nothing here does I/O."""
