"""The name of the distribution of the library, the plugins and the sandbox, and its addresses."""

from importlib import metadata

DISTRIBUTION = "planhat-sync"


def address_of(label: str) -> str | None:
    """Return an address of the project, as the metadata of the distribution names it.

    The addresses are those of `[project.urls]` in pyproject.toml, and of nowhere else.

    Args:
        label: The name of the address there, such as `Documentation` or `Repository`.

    Returns:
        The address, without a slash at its end; None if the metadata has none with this label or
        cannot be read, or if the code runs without being installed.
    """
    try:
        entries: list[str] = metadata.metadata(DISTRIBUTION).get_all("Project-URL", [])
    except (metadata.PackageNotFoundError, OSError):
        # Such as too many open files: the last line of that failure asks for an address too.
        return None
    for entry in entries:
        name, _, address = entry.partition(",")
        if name == label:
            return address.strip().rstrip("/")
    return None
