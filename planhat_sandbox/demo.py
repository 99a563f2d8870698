"""The demo: move one tenant to another, twice, and compare them.

`make demo` runs it. It starts a sandbox, fills one tenant, runs both plugins in a shell pipe twice,
and exits with 1 if the tenants differ. The tenants have the same companies under different ids, as
two tenants of Planhat would, so that records refer to companies by externalId on their way. The
demo knows the plugins only by their command names.
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

PYTHON = shlex.quote(sys.executable)
MODELS = {"issues": 5_000, "objectives": 1_000}
# Set by Planhat for each record (vendor's pages: Issue, Objective), so never equal in two tenants.
SET_BY_PLANHAT = frozenset({"_id", "createdAt", "updatedAt", "__v"})
# The ids of one tenant's endusers mean nothing in another, and the demo moves none.
NOT_MOVED = frozenset({"enduserIds", "endusers"})
COLUMNS = ("read", "created", "updated", "unchanged", "rejected")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the pipe: both exit codes, and the summary of the target."""

    name: str
    tap_exit: int
    target_exit: int
    seconds: float
    summary: Mapping[str, Any]

    @property
    def failed(self) -> bool:
        """Whether either end of the pipe failed."""
        return self.tap_exit != 0 or self.target_exit != 0

    def count(self, model: str, outcome: str) -> int:
        """Return how many records of a model were read, or had an outcome."""
        return int(self.summary.get("streams", {}).get(model, {}).get(outcome, 0))


def main() -> int:
    """Run the demo and return its exit code."""
    tokens = {"demo-source-token": "source", "demo-copy-token": "copy"}
    with Sandbox(tenants=tokens) as sandbox, tempfile.TemporaryDirectory() as folder:
        source, copy = (sandbox.tenant(token) for token in tokens)
        seed_tenant(
            source, issues=MODELS["issues"], objectives=MODELS["objectives"], shared_ids=False
        )
        seed_tenant(copy, issues=0, objectives=0, shared_ids=False)
        _say(f"A Planhat sandbox listens on {sandbox.url} with two tenants:")
        _say(f"  source has {_amounts(source)},")
        _say(f"  copy has {_amounts(copy)}.")
        _say("  Both have the same companies, by externalId, under different ids:")
        _say("  tap.json sets company_references to externalId. catalog.json leaves out")
        _say("  enduserIds, since the ids of endusers mean nothing in the other tenant.\n")
        pipe = _write_pipe(Path(folder), sandbox.url, *tokens)
        runs = [_run(pipe, Path(folder), name) for name in ("first run", "second run")]
        for run in runs:
            _show(run)
        problems = [f"the {run.name} failed" for run in runs if run.failed]
        problems += [
            f"the second run created {model}"
            for model in MODELS
            if runs[-1].count(model, "created")
        ]
        for model in MODELS:
            problems += _differences(model, _movable(source, model), _movable(copy, model))
    for problem in problems[:10]:
        _say(f"DIFFERENT: {problem}")
    if problems:
        return 1
    _say("The tenants are equal, property by property, and the second run created nothing.")
    _say("Companies were compared by their externalId; enduserIds were not compared.")
    return 0


def _write_pipe(folder: Path, url: str, source_token: str, copy_token: str) -> str:
    """Write both configurations, and return the pipe as a shell command."""
    summary = folder / "summary.json"
    common = {"api_url": url, "requests_per_minute": 0}
    configurations = {
        "tap": {**common, "api_token": source_token, "company_references": "externalId"},
        "target": {
            **common,
            "api_token": copy_token,
            "match_on": ["sourceId"],
            "summary_path": str(summary),
        },
    }
    (folder / "catalog.json").write_text(_catalog(), encoding="utf-8")
    for name, configuration in configurations.items():
        (folder / f"{name}.json").write_text(json.dumps(configuration), encoding="utf-8")
    tap, target = (
        f"{PYTHON} -m {name}_planhat --config {name}.json {more} 2> {name}.log"
        for name, more in (("tap", "--catalog catalog.json"), ("target", ""))
    )
    return f"{{ {tap}; echo $? > tap.exit; }} | {target} > state.jsonl"


def _catalog() -> str:
    """Return the tap's catalog, without what is not moved."""
    discover = [sys.executable, "-m", "tap_planhat", "--discover"]
    catalog = json.loads(subprocess.run(discover, capture_output=True, check=True).stdout)  # noqa: S603 - our own command
    for stream in catalog["streams"]:
        for item in stream["metadata"]:
            if item["breadcrumb"] and item["breadcrumb"][-1] in NOT_MOVED:
                item["metadata"]["selected"] = False
    return json.dumps(catalog)


def _run(pipe: str, folder: Path, name: str) -> Run:
    """Run the pipe once in a shell, as a user would."""
    _say("$ tap-planhat --config tap.json --catalog catalog.json \\")
    _say("    | target-planhat --config target.json > state.jsonl")
    started = time.monotonic()
    # The command is our own, with quoted paths of a temporary folder and this interpreter.
    shell = subprocess.run(["/bin/sh", "-c", pipe], cwd=folder, env=os.environ, check=False)  # noqa: S603
    seconds = time.monotonic() - started
    summary_file = folder / "summary.json"
    summary = json.loads(summary_file.read_text()) if summary_file.exists() else {}
    summary_file.unlink(missing_ok=True)
    run = Run(name, int((folder / "tap.exit").read_text()), shell.returncode, seconds, summary)
    if run.failed:
        for log in ("tap.log", "target.log"):
            _say("".join((folder / log).read_text().splitlines(keepends=True)[-5:]))
    return run


def _show(run: Run) -> None:
    """Print the summary of one run as a short table."""
    _say(f"\n{run.name}: {run.seconds:.1f} s, exit codes {run.tap_exit} and {run.target_exit}")
    _say("".join(f"{word:>12}" for word in ("stream", *COLUMNS)))
    for model in MODELS:
        counts = (run.count(model, column) for column in COLUMNS)
        _say(f"{model:>12}" + "".join(f"{n:>12,}" for n in counts))


def _movable(tenant: Tenant, model: str) -> list[dict[str, Any]]:
    """Return the records of a model as another tenant can have them: without ids of its own."""
    names = {company["_id"]: company["externalId"] for company in tenant.records("companies")}
    records = []
    for record in tenant.records(model):
        kept = {name: record[name] for name in record.keys() - NOT_MOVED}
        if "companyIds" in kept:
            kept["companyIds"] = [names.get(each, each) for each in kept["companyIds"]]
            kept["companies"] = [company["name"] for company in kept["companies"]]
        if "companyId" in kept:
            kept["companyId"] = names.get(kept["companyId"], kept["companyId"])
        records.append(kept)
    return records


def _differences(
    model: str, source: Iterable[dict[str, Any]], copy: Iterable[dict[str, Any]]
) -> list[str]:
    """Compare two tenants' records of one model, matched on sourceId, property by property."""
    ours = {record["sourceId"]: record for record in source}
    theirs = list(copy)
    found = (
        []
        if len(theirs) == len(ours)
        else [f"source has {len(ours)} {model}, copy has {len(theirs)}"]
    )
    for record in theirs:
        twin = ours.pop(record.get("sourceId"), {})
        found += [
            f"{model} {record.get('sourceId')}, {name}: "
            f"{json.dumps(twin.get(name))} -> {json.dumps(record.get(name))}"
            for name in sorted((record.keys() | twin.keys()) - SET_BY_PLANHAT)
            if record.get(name) != twin.get(name)
        ]
    return found + [f"{model} {source_id} is missing" for source_id in ours]


def _amounts(tenant: Tenant) -> str:
    return " and ".join(f"{len(tenant.records(model)):,} {model}" for model in MODELS)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
