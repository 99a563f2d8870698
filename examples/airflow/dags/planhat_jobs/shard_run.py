"""One shard, copied once: ``tap | target`` from the state in the ledger to a newer one.

Independent of Airflow: the operator passes the shard, the secrets and the database.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from singer_pipe import Command, Pipe, PipeError

from planhat_jobs.copies import ALL, REST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_jobs.copies import Copy, Shard
    from planhat_jobs.ledger import Ledger


class ShardRun:
    """A run of one shard.

    Args:
        copy: The copy that the shard is part of.
        stream: Name of the stream.
        shard: What to read of it.
        ledger: The shard's row, held.
        secrets: Environment of the tap and of the target, with the secrets in it.
        beat_seconds: How often to advance the heartbeat in the ledger.
    """

    def __init__(
        self,
        copy: Copy,
        stream: str,
        shard: Shard,
        ledger: Ledger,
        secrets: Mapping[str, Mapping[str, str]],
        beat_seconds: float = 15,
    ) -> None:
        self._copy = copy
        self._stream = stream
        self._shard = shard
        self._ledger = ledger
        self._secrets = secrets
        self._beat_seconds = beat_seconds
        self._pipe: Pipe | None = None
        self._stopped = False

    def run(self) -> dict[str, Any]:
        """Bring the destination up to date with the shard.

        Companies that returned to ``rest`` are read first, separately and without a bookmark; then
        the shard continues from its state, which is saved as soon as it is printed.

        Returns:
            The target's summary, if it is one that writes a summary.

        Raises:
            PipeError: The tap or the target failed.
            LeaseError: Another task has taken the shard over.
        """
        shard, ledger = self._shard, self._ledger
        returned = shard.returned(ledger.companies) if ledger.state else frozenset()
        if returned:
            self._copy_records(companies=returned, state=None, keep_state=False)
        ledger.cover(shard.companies)
        read = frozenset() if shard.name == REST else shard.companies
        return self._copy_records(companies=read, state=ledger.state, keep_state=True)

    def stop(self) -> None:
        """Ask the pipe to end; safe in a signal handler."""
        self._stopped = True
        if self._pipe is not None:
            self._pipe.stop()

    def _copy_records(
        self, *, companies: frozenset[str], state: str | None, keep_state: bool
    ) -> dict[str, Any]:
        with TemporaryDirectory(prefix="planhat-") as folder:
            files = Files(Path(folder))
            tap = self._tap(files, companies, state)
            target = self._target(files)
            passes = None if self._shard.name == ALL else self._shard.passes
            with Pipe(tap, target, passes=passes) as pipe:
                self._pipe = pipe
                if self._stopped:
                    pipe.stop()
                try:
                    for printed in pipe.states(self._beat_seconds):
                        self._ledger.save(printed if keep_state else None, files.new_rejects())
                    pipe.wait()
                finally:
                    self._pipe = None
                    self._ledger.save(None, files.new_rejects())
            return files.read_summary()

    def _tap(self, files: Files, companies: frozenset[str], state: str | None) -> Command:
        tap = self._copy.tap
        config: dict[str, Any] = {**self._share_of_quota(), **tap.config}
        if companies:
            config["company_ids"] = sorted(companies)
        argv = [tap.command, "--config", files.write("tap.json", config), "--config", "ENV"]
        discovered = _discovered(argv, self._secrets["tap"])
        argv += ["--catalog", files.write("catalog.json", _only(self._stream, discovered))]
        if state is not None:
            argv += ["--state", files.write("state.json", json.loads(state))]
        return Command(argv, self._secrets["tap"])

    def _target(self, files: Files) -> Command:
        target = self._copy.target
        config: dict[str, Any] = dict(target.config)
        if Path(target.command).name == "target-planhat":
            own = {"rejects_path": str(files.rejects), "summary_path": str(files.summary)}
            config = {**self._share_of_quota(), **config, **own}
        argv = [target.command, "--config", files.write("target.json", config), "--config", "ENV"]
        return Command(argv, self._secrets["target"])

    def _share_of_quota(self) -> dict[str, int]:
        """Divide Planhat's 200 requests a minute among the tasks of this copy that run at once."""
        return {"requests_per_minute": max(1, 200 // self._copy.at_once)}


class Files:
    """The files of one pipe, in a folder of the worker that nothing depends on later.

    Args:
        folder: An empty folder that only this user can read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = 0
        self.rejects = folder / "rejects.jsonl"
        self.summary = folder / "summary.json"

    def write(self, name: str, content: object) -> str:
        """Write a JSON file.

        Args:
            name: Name of the file.
            content: What it holds.

        Returns:
            Its path.
        """
        path = self._folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def new_rejects(self) -> list[str]:
        """Read the complete lines that the reject file has gained since the last call.

        Returns:
            Lines without their ends. The target has them on disk before it prints a state that
            covers them, so reading them after a state returns all rejects that it covers.
        """
        if not self.rejects.exists():
            return []
        with self.rejects.open("rb") as stream:
            stream.seek(self._read)
            grown = stream.read()
        whole = grown[: grown.rfind(b"\n") + 1]
        self._read += len(whole)
        return [line.decode("utf-8", "replace") for line in whole.split(b"\n")[:-1]]

    def read_summary(self) -> dict[str, Any]:
        """Read what the target counted.

        Returns:
            The target's summary; empty when it wrote none.
        """
        if not self.summary.exists():
            return {}
        summary: dict[str, Any] = json.loads(self.summary.read_text(encoding="utf-8"))
        return summary


def _discovered(argv: Sequence[str], secrets: Mapping[str, str]) -> bytes:
    run = subprocess.run(  # noqa: S603 - the command is the operator's own
        [*argv, "--discover"], env={**os.environ, **secrets}, capture_output=True, check=False
    )
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip()
        sys.stderr.write(f"{said}\n")
        last = said.rpartition("\n")[2]
        raise PipeError(f"the tap's discovery ended with exit code {run.returncode}: {last}")
    return run.stdout


def _only(stream: str, discovered: bytes) -> dict[str, Any]:
    """Select one stream of a catalog.

    Raises:
        ValueError: The tap has no such stream.
    """
    catalog: dict[str, Any] = json.loads(discovered)
    names = [entry["tap_stream_id"] for entry in catalog["streams"]]
    if stream not in names:
        raise ValueError(f"the tap has no stream {stream!r}, only {', '.join(names)}")
    catalog["streams"] = [e for e in catalog["streams"] if e["tap_stream_id"] == stream]
    return catalog
