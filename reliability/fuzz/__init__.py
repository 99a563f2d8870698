"""Coverage-guided fuzzing of everything that parses: `make fuzz SECONDS=60`.

One harness for each parser, in the environment `.venv-fuzz`. A finding is an exception of another
kind than the project's own, or a broken invariant; the input is kept in a file, which
`python -m reliability.fuzz NAME FILE` repeats.
"""
