"""A batch is sent until each of its payloads has an outcome."""
