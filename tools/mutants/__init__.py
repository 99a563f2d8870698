"""Breaks the code on purpose, one small change at a time, and runs the tests against each."""
