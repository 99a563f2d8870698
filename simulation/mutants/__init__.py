"""Bugs put in on purpose, to see that the simulation sees them: `make sim-mutants`."""
