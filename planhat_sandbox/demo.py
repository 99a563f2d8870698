"""The demo: two tenants, a pipe between them, and the comparison.

Owns what `make demo` shows. It starts a sandbox, fills one tenant, runs both plugins as processes
in a shell pipe, twice, and exits non-zero if the tenants differ. It knows the plugins by their
command names only.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planhat_sandbox import Sandbox, seed_tenant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sandbox import Tenant

MODELS = {"issues": 5_000, "objectives": 1_000}
# What Planhat gives each record anew (vendor's pages: Issue, Objective): it cannot be the same in
# two tenants.
OWN = frozenset({"_id", "createdAt", "updatedAt", "__v"})
COLUMNS = ("read", "created", "updated", "unchanged", "rejected")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the pipe: the exit codes of both ends and what the target counted."""

    name: str
    tap_exit: int
    target_exit: int
    seconds: float
    summary: Mapping[str, Any]

    @property
    def failed(self) -> bool:
        """Whether either end of the pipe did not finish well."""
        return self.tap_exit != 0 or self.target_exit != 0

    def count(self, model: str, outcome: str) -> int:
        """How many records of a model ended in an outcome, or were read."""
        return int(self.summary.get("streams", {}).get(model, {}).get(outcome, 0))


def main() -> int:
    """Run the demo and return its exit code."""
    tokens = {"demo-source-token": "source", "demo-copy-token": "copy"}
    with Sandbox(tenants=tokens) as sandbox, tempfile.TemporaryDirectory() as folder:
        source, copy = (sandbox.tenant(token) for token in tokens)
        seed_tenant(source, issues=MODELS["issues"], objectives=MODELS["objectives"], seed=1)
        seed_tenant(copy, issues=0, objectives=0, seed=1)
        _say(f"A Planhat sandbox listens on {sandbox.url} with two tenants:")
        _say(f"  source holds {_held(source)}, copy holds {_held(copy)}.\n")
        pipe = _write_pipe(Path(folder), sandbox.url, *tokens)
        runs = [_run(pipe, Path(folder), name) for name in ("first run", "second run")]
        for run in runs:
            _show(run)
        faults = [f"the {run.name} failed" for run in runs if run.failed]
        faults += [
            f"the second run created {model}"
            for model in MODELS
            if runs[-1].count(model, "created")
        ]
        for model in MODELS:
            faults += _differences(model, source.records(model), copy.records(model))
    for fault in faults[:10]:
        _say(f"DIFFERENT: {fault}")
    if faults:
        return 1
    _say("The tenants are equal, property by property, and the second run created nothing.")
    return 0


def _write_pipe(folder: Path, url: str, source_token: str, copy_token: str) -> str:
    """Write both configurations; return the pipe as the shell gets it."""
    summary = folder / "summary.json"
    common = {"api_url": url, "requests_per_minute": 0}
    configurations = {
        "tap": {**common, "api_token": source_token},
        "target": {
            **common,
            "api_token": copy_token,
            "match_on": ["sourceId"],
            "summary_path": str(summary),
        },
    }
    for name, configuration in configurations.items():
        (folder / f"{name}.json").write_text(json.dumps(configuration), encoding="utf-8")
    tap, target = (
        f"{shlex.quote(sys.executable)} -m {name}_planhat --config {name}.json 2> {name}.log"
        for name in ("tap", "target")
    )
    return f"{{ {tap}; echo $? > tap.exit; }} | {target} > state.jsonl"


def _run(pipe: str, folder: Path, name: str) -> Run:
    """Run the pipe once in a shell, as a person would."""
    _say("$ tap-planhat --config tap.json | target-planhat --config target.json > state.jsonl")
    began = time.monotonic()
    # The command is ours: paths of a temporary folder and this interpreter's, quoted.
    shell = subprocess.run(["/bin/sh", "-c", pipe], cwd=folder, env=os.environ, check=False)  # noqa: S603
    seconds = time.monotonic() - began
    summary_file = folder / "summary.json"
    summary = json.loads(summary_file.read_text()) if summary_file.exists() else {}
    summary_file.unlink(missing_ok=True)
    run = Run(name, int((folder / "tap.exit").read_text()), shell.returncode, seconds, summary)
    if run.failed:
        for log in ("tap.log", "target.log"):
            _say("".join((folder / log).read_text().splitlines(keepends=True)[-5:]))
    return run


def _show(run: Run) -> None:
    """Print what one run did as a short table."""
    _say(f"\n{run.name}: {run.seconds:.1f} s, exit codes {run.tap_exit} and {run.target_exit}")
    _say("".join(f"{word:>12}" for word in ("stream", *COLUMNS)))
    for model in MODELS:
        counts = (run.count(model, column) for column in COLUMNS)
        _say(f"{model:>12}" + "".join(f"{n:>12,}" for n in counts))


def _differences(
    model: str, source: Iterable[dict[str, Any]], copy: Iterable[dict[str, Any]]
) -> list[str]:
    """Compare two tenants' records of one model, matched on sourceId, property by property."""
    ours = {record["sourceId"]: record for record in source}
    theirs = list(copy)
    found = [] if len(theirs) == len(ours) else [f"{len(ours)} {model} against {len(theirs)}"]
    for record in theirs:
        twin = ours.pop(record.get("sourceId"), {})
        found += [
            f"{model} {record.get('sourceId')}, {name}: {twin.get(name)!r} -> {record.get(name)!r}"
            for name in sorted((record.keys() | twin.keys()) - OWN)
            if record.get(name) != twin.get(name)
        ]
    return found + [f"{model} {source_id} is missing" for source_id in ours]


def _held(tenant: Tenant) -> str:
    return " and ".join(f"{len(tenant.records(model)):,} {model}" for model in MODELS)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
