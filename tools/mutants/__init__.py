"""The mutation run: small changes of the code, drawn at random, and the tests run against each.

The bugs that the simulation has to see are not drawn, but listed: `simulation/mutants`.
"""
