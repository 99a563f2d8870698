"""The plugins: how a life of each begins, and what its lines say about where the next begins."""
