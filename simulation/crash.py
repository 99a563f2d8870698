"""The end of a process that is killed: after it nothing reaches the world outside any more."""

from __future__ import annotations


class Crash(BaseException):
    """Unwinds the threads of a life that has been killed; everything at the seam raises it.

    A process that is killed does nothing any more. What `finally` and `except` do while this passes
    them reaches nothing outside, since the seam raises it again.
    """
