"""The least that reading and writing cost in Python, with nothing around it: the bare loops."""
