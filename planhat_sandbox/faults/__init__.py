"""Faults that can be injected on demand, and the requests that each applies to."""
