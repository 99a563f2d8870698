"""Deletions: which records are not there any more, although Planhat keeps no trace of them."""
