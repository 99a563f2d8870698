"""Planhat over HTTP: its routes, the pages of its lists, and its bulk upsert."""
