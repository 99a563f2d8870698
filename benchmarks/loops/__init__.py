"""The bare loops: reading and writing in Python at the lowest cost, without any checks."""
