"""The replication method that is in effect for a stream, and the version of its records.

A stream that is read by a key for which only the user vouches may have to be read in full after
all. Its method, and with it its SCHEMA, is known only when its first page has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planhat_sync.model import Model


@dataclass(slots=True)
class MethodInEffect:
    """The replication method that is in effect for a stream.

    Attributes:
        key: The replication key that the catalog asks for; None to read everything.
        is_vouched: Whether only the user says that the key can be used.
        method: The method that was found to be possible; None before that, and always if the
            catalog's own cannot be impossible.
    """

    key: str | None
    is_vouched: bool = False
    method: str | None = None

    @classmethod
    def of(cls, key: str | None, model: Model) -> MethodInEffect:
        """Return the method of a stream that nothing has been read of.

        Args:
            key: The replication key that the catalog asks for; None to read everything.
            model: The stream's model.
        """
        return cls(key, is_vouched=key is not None and key != model.replication_key)

    @property
    def is_known(self) -> bool:
        """Whether it is known, so that the SCHEMA can be written."""
        return self.method is not None or not self.is_vouched

    def take(self, method: str) -> bool:
        """Take a method that was found to be possible.

        Args:
            method: The method.

        Returns:
            Whether this changes what is in effect.
        """
        if not self.is_vouched or method == self.method:
            return False
        self.method = method
        return True


def next_version(before: int | None, began: int) -> int:
    """Return a version for a stream that no record had earlier in this run.

    Args:
        before: The version until now; None if there was none.
        began: When the run began, in milliseconds since 1970.
    """
    return max(began // 1000, (before or 0) + 1)
