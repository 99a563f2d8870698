"""Payloads become batches in a safe order; nothing here does I/O."""
