"""Tools for the maintainers of this project."""
