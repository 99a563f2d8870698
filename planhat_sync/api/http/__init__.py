"""Sends one request and returns its answer: pacing, retries, deadlines, and clear errors."""
