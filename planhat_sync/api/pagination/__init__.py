"""Reads a complete collection by limit and offset, each record exactly once."""
