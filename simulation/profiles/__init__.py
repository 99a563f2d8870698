"""The profiles: a module each, with `plan`, `observer`, and `check` if there is more to check."""
