from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulation.baton import Baton
from simulation.disk import Content, Disk, SimulatedFiles
from simulation.draws import Draws
from simulation.input import Input
from simulation.output import Output
from simulation.plan import Plan
from simulation.seam import Seam
from simulation.story import Life, Observer
from simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


def seam_of(seed: int = 1, **values: Any) -> Seam:
    world = World(Plan(profile="", seed=seed, steps=[], tenants={}, **values), Observer(), Path())
    life = Life(1, 0, 0, "target", "copy", 0)
    world.story.lives.append(life)
    return Seam(world, life, Baton(world.time, Draws(1).schedule, 0.5, 10_000.0))


def run(seam: Seam, main: Callable[[], object]) -> None:
    seam.baton.run(main)
    assert not seam.baton.errors


LINES = [f"line {number}".encode() for number in range(40)]


def read_all(seam: Seam, lines: list[bytes], *, ends_line: bool = True) -> list[bytes | None]:
    chunks: list[bytes | None] = []
    source = Input(seam, lines, ends_line=ends_line)

    def main() -> None:
        while not seam.life.read_all:
            chunks.append(source.read(100))

    run(seam, main)
    return chunks


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("ends_line", [True, False])
def test_input_comes_in_full_in_chunks_of_any_size(seed: int, ends_line: bool) -> None:  # noqa: FBT001
    chunks = [chunk or b"" for chunk in read_all(seam_of(seed), LINES, ends_line=ends_line)]
    assert b"".join(chunks) == b"\n".join(LINES) + (b"\n" if ends_line else b"")
    assert max(map(len, chunks)) <= 100
    assert len(chunks) > 4


def test_chunks_end_within_lines_and_between_them() -> None:
    chunks = [c for seed in range(20) for c in read_all(seam_of(seed), LINES) if c]
    ends = [chunk.endswith(b"\n") for chunk in chunks]
    assert 0.2 < sum(ends) / len(ends) < 0.8


def test_input_is_idle_now_and_then() -> None:
    seam = seam_of(faults={"idle before read 2": {"kind": "idle", "seconds": 30.0}})
    chunks = read_all(seam, LINES)
    assert chunks[1] is None
    assert seam.world.time.now == 30
    assert b"".join(chunk or b"" for chunk in chunks) == b"\n".join(LINES) + b"\n"


def test_a_life_can_be_killed_before_a_chunk() -> None:
    seam = seam_of(faults={"read 2": {"kind": "crash", "share": 0.0}})
    assert len(read_all_until_killed(seam)) == 1
    assert seam.life.crashed_at == "read 2"


def read_all_until_killed(seam: Seam) -> list[bytes | None]:
    chunks: list[bytes | None] = []
    source = Input(seam, LINES, ends_line=True)

    def main() -> None:
        while True:
            chunks.append(source.read(100))

    run(seam, main)
    return chunks


@pytest.mark.parametrize(
    ("share", "printed", "torn"),
    [
        (0.0, [], b""),
        (0.5, [b"one\n"], b"tw"),
        (1.0, [b"one\n", b"two\n", b"six\n"], b""),
    ],
)
def test_a_life_can_be_killed_within_a_write_to_its_output(
    share: float, printed: list[bytes], torn: bytes
) -> None:
    seam = seam_of(faults={"print 1": {"kind": "crash", "share": share}})
    run(seam, lambda: Output(seam).write([b"one\n", b"two\n", b"six\n"]))
    assert seam.baton.dead
    assert (seam.life.printed, seam.life.torn) == (printed, torn)


def reject_run(folder: Path, **values: Any) -> Disk:
    """Write 10 bytes and sync them, then write 10 more, and be killed or not."""
    seam, disk = seam_of(**values), Disk(folder)
    files = SimulatedFiles(seam, disk)

    def main() -> None:
        descriptor = files.open(disk.rejects("copy"))
        assert files.lock(descriptor)
        files.sync_folder(folder)
        files.write(descriptor, b"synced....")
        files.sync(descriptor)
        files.write(descriptor, b"written...")

    run(seam, main)
    files.end()
    return disk


def test_a_crash_leaves_what_was_synced_and_perhaps_some_of_what_was_written(
    tmp_path: Path,
) -> None:
    sizes = set()
    for seed in range(60):
        disk = reject_run(tmp_path)
        disk.tear(random.Random(seed))
        content = disk.rejects("copy").read_bytes()
        assert b"synced....written...".startswith(content)
        assert content.startswith(b"synced....")
        sizes.add(len(content))
        disk.rejects("copy").unlink()
    assert {10, 20} < sizes


@pytest.mark.parametrize(
    ("fault", "share", "written", "synced"),
    [
        ("write 1", 0.5, b"synce", b""),
        ("write 1", 1.0, b"synced....", b""),
        ("sync 2", 0.0, b"synced....", b""),
        ("sync 2", 1.0, b"synced....", b"synced...."),
        ("write 2", 0.3, b"synced....wri", b"synced...."),
    ],
)
def test_a_life_can_be_killed_at_each_write_and_sync(
    tmp_path: Path, fault: str, share: float, written: bytes, synced: bytes
) -> None:
    disk = reject_run(tmp_path, faults={fault: {"kind": "crash", "share": share}})
    assert Content(disk, ["copy"], synced=False)["copy"] == written
    assert Content(disk, ["copy"], synced=True)["copy"] == synced


def test_a_file_whose_name_was_not_synced_may_be_gone_after_a_crash(tmp_path: Path) -> None:
    found = set()
    for seed in range(30):
        disk = reject_run(tmp_path, faults={"sync 1": {"kind": "crash", "share": 0.0}})
        lost = disk.tear(random.Random(seed))
        found.add(disk.rejects("copy").exists())
        assert bool(lost) != disk.rejects("copy").exists()
        disk.rejects("copy").unlink(missing_ok=True)
    assert found == {True, False}


def test_a_life_that_was_killed_leaves_no_file_locked(tmp_path: Path) -> None:
    reject_run(tmp_path, faults={"write 1": {"kind": "crash", "share": 0.5}})
    reject_run(tmp_path)
