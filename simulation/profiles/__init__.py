"""The profiles: a module each, with `plan`, `observer` and `check`."""
