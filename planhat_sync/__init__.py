"""A library that reads Planhat and writes to it exactly; it knows neither Singer nor Airbyte."""

DISTRIBUTION = "planhat-sync"
"""Name of the distribution that contains the library, the plugins and the sandbox."""
