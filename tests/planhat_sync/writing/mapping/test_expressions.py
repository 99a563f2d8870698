# projection
