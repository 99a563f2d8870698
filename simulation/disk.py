"""Files of one run: what is written is durable in part, what is synced in full.

They are real files in a folder of their own, since a run also looks at their paths. A sync only
notes how much a power failure would leave.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from planhat_sync.runtime.files import Files

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from simulation.seam import Seam

REJECTS = "rejects.jsonl"


class Disk:
    """What a power failure would leave of the files in a folder.

    Args:
        folder: The folder.

    Attributes:
        folder: As given.
        synced: How many bytes of each file are on disk.
        named: Files whose names are on disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.synced: dict[Path, int] = {}
        self.named: set[Path] = set()
        self._replays: dict[int, int] = {}

    def rejects(self, alias: str) -> Path:
        """Return the reject file of a tenant.

        Args:
            alias: The tenant.
        """
        return self.folder / f"{alias}-{REJECTS}"

    def replayed(self, alias: str) -> list[Path]:
        """Return the reject files of a tenant that were renamed by replays, the oldest first.

        Args:
            alias: The tenant.
        """
        found = self.folder.glob(f"{self.rejects(alias).name}.replayed-*")
        return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))

    def begin_replay(self, alias: str, step: int) -> bool:
        """Note that a step replays the reject file of a tenant; return whether there is one.

        Args:
            alias: The tenant.
            step: Index of the step.
        """
        self._replays[step] = len(self.replayed(alias))
        path = self.rejects(alias)
        return path.exists() and path.stat().st_size > 0

    def to_replay(self, alias: str, step: int) -> Path:
        """Return the file that a step replays: the renamed one once a life of it has renamed it.

        Args:
            alias: The tenant.
            step: Index of the step.
        """
        renamed = self.replayed(alias)[self._replays[step] :]
        return renamed[0] if renamed else self.rejects(alias)

    def renamed(self) -> tuple[Path, Path] | None:
        """Return the file that was renamed since its folder was synced, and its new name."""
        for path in self.synced:
            aside = next(
                (
                    each
                    for each, synced in self.synced.items()
                    if each.name.startswith(f"{path.name}.replayed-")
                    and not synced
                    and each.stat().st_size
                ),
                None,
            )
            if aside is not None and not path.exists():
                return path, aside
        return None

    def tear(self, source: random.Random) -> list[str]:
        """Cut each file somewhere between what was synced and what was written.

        Args:
            source: Draws where.

        Returns:
            What was lost, in words.
        """
        lost = []
        for path in sorted(self.synced):
            if not path.exists():
                continue
            size, synced = path.stat().st_size, self.synced[path]
            if path not in self.named and source.random() < 0.5:  # noqa: PLR2004 - either is possible
                path.unlink()
                self.synced[path] = 0
                lost.append(f"{path.name}, with {size} bytes")
                continue
            self.named.add(path)
            left = source.choice((synced, size, source.randint(synced, max(size, synced))))
            if left < size:
                os.truncate(path, left)
                lost.append(f"{size - left} of {size - synced} bytes of {path.name}")
            self.synced[path] = left
        return lost


class Content(Mapping[str, bytes]):
    """The reject file of each tenant as it is now.

    Args:
        disk: Where they are.
        aliases: The tenants.
        synced: Whether only what is on disk counts.
    """

    def __init__(self, disk: Disk, aliases: list[str], *, synced: bool) -> None:
        self._disk = disk
        self._aliases = aliases
        self._synced = synced

    def __getitem__(self, alias: str) -> bytes:
        """Return the content of the file; nothing if there is none."""
        path = self._disk.rejects(alias)
        content = path.read_bytes() if path.exists() else b""
        return content[: self._disk.synced.get(path, 0)] if self._synced else content

    def __iter__(self) -> Iterator[str]:
        return iter(self._aliases)

    def __len__(self) -> int:
        return len(self._aliases)


class SimulatedFiles(Files):
    """The files of one life.

    Args:
        seam: The life.
        disk: The disk.
    """

    def __init__(self, seam: Seam, disk: Disk) -> None:
        self._seam = seam
        self._disk = disk
        self._open: dict[int, Path] = {}

    def open(self, path: Path, *, new: bool = False) -> int:
        """Open a file; a new one has a name that is not on disk yet."""
        self._seam.baton.check()
        descriptor = super().open(path, new=new)
        self._open[descriptor] = path
        self._disk.synced.setdefault(path, 0)
        return descriptor

    def close(self, descriptor: int) -> None:
        """Close a file, and unlock it; a life that was killed closes all of them anyway."""
        self._seam.baton.check()
        del self._open[descriptor]
        super().close(descriptor)

    def lock(self, descriptor: int) -> bool:
        """Lock a file until it is closed."""
        self._seam.baton.check()
        return super().lock(descriptor)

    def write(self, descriptor: int, data: bytes) -> None:
        """Append all bytes to a file, or a part of them if the life is killed meanwhile."""
        seam = self._seam
        name = seam.world.name("write")
        share = seam.cut(name)
        written = data if share is None else data[: round(len(data) * share)]
        super().write(descriptor, written)
        what = f"{len(written)} of {len(data)} bytes"
        seam.world.note("write", f"{what} to {self._open[descriptor].name}")
        if share is not None:
            seam.kill(name)

    def sync(self, descriptor: int) -> None:
        """Note that what was written is on disk, unless the life is killed before."""
        seam, path = self._seam, self._open[descriptor]
        name = seam.world.name("sync")
        share = seam.cut(name)
        if share is None or share == 1:
            self._disk.synced[path] = self.size(descriptor)
            seam.world.note("sync", f"{path.name}, {self._disk.synced[path]} bytes")
        if share is not None:
            seam.kill(name)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file off."""
        self._seam.baton.check()
        super().truncate(descriptor, size)
        path = self._open[descriptor]
        self._disk.synced[path] = min(size, self._disk.synced[path])

    def sync_folder(self, folder: Path) -> None:
        """Note that the names in a folder are on disk."""
        name = self._seam.world.name("sync")
        share = self._seam.cut(name)
        renamed = self._disk.renamed()
        is_done = share is None or share == 1
        if renamed is not None:
            self._rename(*renamed, name, is_done=is_done)
        if is_done:
            self._disk.named.update(path for path in self._disk.synced if path.parent == folder)
            self._seam.world.note("sync", "the names of the files")
        if share is not None:
            self._seam.kill(name)

    def _rename(self, path: Path, aside: Path, name: str, *, is_done: bool) -> None:
        """Have a file its new name, which a power failure may undo before the folder is synced."""
        if not is_done and self._seam.world.draws.of(f"rename at {name}").random() < 0.5:  # noqa: PLR2004 - either is possible
            aside.rename(path)
            del self._disk.synced[aside]
            return
        self._disk.synced[aside] = self._disk.synced.pop(path)
        self._disk.named.discard(path)
        self._disk.named.add(aside)

    def replace(self, path: Path, data: bytes) -> None:
        """Write a file in place of another one, or not at all if the life is killed before."""
        seam = self._seam
        name = seam.world.name("write")
        share = seam.cut(name)
        if share is None or share == 1:
            path.write_bytes(data)
            seam.world.note("write", path.name)
        if share is not None:
            seam.kill(name)

    def end(self) -> None:
        """Close all files, as the end of a process does."""
        for descriptor in self._open:
            super().close(descriptor)
        self._open.clear()
