"""Writes what can be generated of the documentation; owns none of its prose."""
