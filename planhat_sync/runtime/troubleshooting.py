"""Where docs/troubleshooting.md explains the last line of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.distribution import address_of

if TYPE_CHECKING:
    from planhat_sync.errors import Section


def reference(section: Section) -> str:
    """Return where a message is explained, in brackets, for the end of a line.

    Args:
        section: The section that explains it.
    """
    return reference_at(address_of("Documentation"), section)


def reference_at(documentation: str | None, section: Section) -> str:
    """Return where a section is, in brackets.

    Args:
        documentation: The address of the documentation, without a slash at its end; None if it has
            no address, so that only the section's name can be said.
        section: The section.
    """
    if documentation is None:
        return f'(see "{section.value}" in docs/troubleshooting.md)'
    anchor = section.value.lower().replace(" ", "-")
    return f"(see {documentation}/troubleshooting.html#{anchor})"
