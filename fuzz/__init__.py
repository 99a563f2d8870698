"""Coverage-guided fuzzing of everything that parses: `make fuzz SECONDS=60`.

One harness a parser, in the environment `.venv-fuzz`. A finding is an exception that is none of
ours, or a broken invariant; the input is kept in a file, and `python -m fuzz NAME FILE` repeats it.
"""
