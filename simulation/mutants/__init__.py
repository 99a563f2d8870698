"""Bugs put in on purpose, each thought out by a person, to see that the simulation sees them.

`make sim-mutants` looks for each of them with the profiles that should see it. The mutation run,
`tools/mutants`, is another thing: it draws small changes and asks the tests.
"""
