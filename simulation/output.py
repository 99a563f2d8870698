"""Standard output of one life: what was written of it is durable, a torn line too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.runtime.stdout import Piece
    from simulation.seam import Seam

SHOWN = 160
"""How many bytes of a line the story shows."""


class Output:
    """Takes what a life prints.

    Args:
        seam: The life.
    """

    def __init__(self, seam: Seam) -> None:
        self._seam = seam

    def write(self, lines: Sequence[Piece]) -> None:
        """Take lines, or a part of them if the life is killed meanwhile.

        Args:
            lines: Each with its line end.

        Raises:
            Crash: The life was killed.
        """
        seam = self._seam
        name = seam.world.name("print")
        share = seam.cut(name)
        data = b"".join(lines)
        self._take(data if share is None else data[: round(len(data) * share)])
        if share is not None:
            seam.kill(name)

    def _take(self, data: bytes) -> None:
        world, life = self._seam.world, self._seam.life
        *complete, life.torn = (life.torn + data).split(b"\n")
        for each in complete:
            line = each + b"\n"
            life.printed.append(line)
            world.note("print", each[:SHOWN].decode(errors="replace"))
            world.observer.printed(line, world.story)
