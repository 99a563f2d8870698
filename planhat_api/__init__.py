"""Planhat without Singer: models, the connection, and what one bulk answer means."""

DISTRIBUTION = "planhat-singer"
"""Name of the one distribution that carries the tap, the target and the sandbox."""
