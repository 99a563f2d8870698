"""Invalid items among 5,000: are the rejects exact, and how many requests do they take?

``python -m benchmarks.rejects_bound`` runs the target against a sandbox whose answers name bad
items in every form of its behaviours, and prints the requests beside the bound of
``planhat_sync.writing.sending.bisection``: 1 + 2·k·⌈log₂ n⌉ for k bad items among n. It exits with
1 if a reject is wrong or a bound is broken.

4,999 bad items are tried only where the answer names them. Where it does not, and nothing is
accepted, the target stops after 20 single items that are refused alike, since the records are not
the cause then.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from planhat_sandbox import Sandbox
from target_planhat.target import TargetPlanhat

ITEMS = 5_000
MARKER = "REFUSE-ME"
TOKEN = "a-token"  # noqa: S105 - of a sandbox

NAMING = ("index", "keyables", "nested-keyables", "text", "item", "nested-item")
MUTE = ("opaque", "nothing", "absent")
WAYS: dict[str, dict[str, str]] = {
    **{shape: {"error_entries": shape} for shape in (*NAMING, *MUTE)},
    **{
        f"{shape}, nothing applied": {"error_entries": shape, "batch": "whole"}
        for shape in ("index", "text", "opaque")
    },
    "index, stops at the first": {"error_entries": "index", "batch": "until-bad"},
    "index, successes by _id": {"error_entries": "index", "success_keys": "id"},
    "400 with a text": {"failure_answer": "string"},
    "400 without a body": {"failure_answer": "empty"},
    "400 with a text, nothing applied": {"failure_answer": "string", "batch": "whole"},
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: what it found, and what that took."""

    rejects: set[str]
    created: int
    requests: int
    seconds: float


def main() -> int:
    """Run all trials, print the table, and return the exit code."""
    logging.disable(logging.WARNING)
    print(
        f"{'how Planhat tells':34} {'bad':>6} {'rejects':>9} {'requests':>9} {'bound':>7} {'s':>6}"
    )
    faults = 0
    for name, behaviours in WAYS.items():
        for bad in (0, 1, 50, ITEMS - 1):
            if bad == ITEMS - 1 and name not in NAMING:
                continue
            chosen = _chosen(bad)
            trial = _try(behaviours, chosen)
            bound = 1 + 2 * bad * math.ceil(math.log2(ITEMS))
            is_exact = trial.rejects == chosen and trial.created == ITEMS - bad
            faults += not is_exact or trial.requests > bound
            print(
                f"{name:34} {bad:>6,} {'exact' if is_exact else 'WRONG':>9} {trial.requests:>9,} "
                f"{bound:>7,} {trial.seconds:>6.1f}",
                flush=True,
            )
    return 1 if faults else 0


def _chosen(bad: int) -> set[str]:
    """Choose bad items, spread out; all but the middle one if nearly all are to be bad."""
    if bad > ITEMS // 2:
        return {f"s{number}" for number in range(ITEMS) if number != ITEMS // 2}
    return {f"s{(2 * at + 1) * ITEMS // (2 * bad)}" for at in range(bad)}


def _try(behaviours: dict[str, str], bad: set[str]) -> Trial:
    with Sandbox({TOKEN: "alpha"}) as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.behave(refused_marker=MARKER, **behaviours)
        company = sandbox.tenant("alpha").insert("companies", {"name": "A company"})["_id"]
        rejects = Path(folder) / "rejects.jsonl"
        target = TargetPlanhat(
            config={
                "api_token": TOKEN,
                "api_url": sandbox.url,
                "requests_per_minute": 0,
                "on_reject": "continue",
                "rejects_path": str(rejects),
                "progress": "none",
            }
        )
        began = time.monotonic()
        with contextlib.redirect_stdout(io.StringIO()):
            target.listen(_messages(company, bad))
        seconds = time.monotonic() - began
        lines = rejects.read_bytes().splitlines()[1:] if rejects.exists() else []
        found = [json.loads(line)["record"]["sourceId"] for line in lines]
        assert len(found) == len(set(found))
        created = len(sandbox.tenant("alpha").records("issues"))
        return Trial(set(found), created, len(sandbox.requests), seconds)


def _messages(company: str, bad: set[str]) -> IO[Any]:
    messages: list[object] = [{"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}]
    for number in range(ITEMS):
        key = f"s{number}"
        title = MARKER if key in bad else "A title"
        record = {"sourceId": key, "title": title, "companyIds": [company]}
        messages.append({"type": "RECORD", "stream": "issues", "record": record})
    return io.BytesIO(b"".join(json.dumps(message).encode() + b"\n" for message in messages))


if __name__ == "__main__":
    sys.exit(main())
