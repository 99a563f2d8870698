"""Name of the distribution that contains the library, the plugins and the sandbox."""

DISTRIBUTION = "planhat-sync"
