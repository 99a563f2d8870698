"""Reads a whole collection by limit and offset, each record exactly once."""
