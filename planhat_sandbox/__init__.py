"""A stateful Planhat on loopback, with faults: for the demo, the tests and users' own trials."""
