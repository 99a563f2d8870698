"""Shows that no records are lost when something fails: fault table, kills, soak, fuzzing.

Everything runs as real processes against a sandbox in this process. `python -m reliability` lists
the commands; `make faults`, `make kills` and `make soak` call them.
"""
