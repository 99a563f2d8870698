"""Reads the outcome of each payload from the answer to a bulk upsert."""
