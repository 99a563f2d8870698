"""Planhat as a library: exact reading and exact writing, without Singer and without Airbyte."""

DISTRIBUTION = "planhat-sync"
"""Name of the one distribution that carries the library, the plugins and the sandbox."""
