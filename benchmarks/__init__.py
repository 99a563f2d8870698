"""The speed of both plugins beside the limit and beside peers: `python -m benchmarks`."""
