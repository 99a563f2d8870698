"""Runs plugins in one process against tenants in memory: every fault, crash and wait from one seed.

Time is virtual, only one thread of a plugin runs at a time, and nothing is sent, so that a seed
gives the same run each time, in any process. `python -m simulation --help` lists the options.
"""
