"""Runs the target in this process, over real HTTP, and keeps everything that it did."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from target_planhat.target import TargetPlanhat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from planhat_sandbox import Sandbox
    from planhat_sync.model import Model

TOKENS = {"alpha": "token-a", "beta": "token-b"}


@dataclass
class Ran:
    """What one run did.

    `states` are the printed values, `seen` is what `look` gave at the instant of each of them,
    `rejects` are the RECORD lines of the reject file.
    """

    target: TargetPlanhat | None = None
    states: list[Any] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    rejects: list[Any] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The counts of each stream."""
        streams = self.target.run.pipeline.counts.streams
        return {stream: counts.as_json() for stream, counts in streams.items()}

    @property
    def reject_codes(self) -> dict[int, str]:
        """Line → code, of the reject file."""
        return {reject["reject"]["line"]: reject["reject"]["code"] for reject in self.rejects}


class _Stdout(io.StringIO):
    """Standard output that looks around whenever a line is printed."""

    def __init__(self, ran: Ran, look: Callable[[], Any]) -> None:
        super().__init__()
        self._ran = ran
        self._look = look

    def write(self, text: str) -> int:
        self._ran.states.append(json.loads(text))
        self._ran.seen.append(self._look())
        return len(text)


class Bench:
    """A sandbox, and runs of the target against it: ``bench.run(messages, on_reject="continue")``.

    Messages are dicts, or bytes for lines that are to be taken as they are.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.rejects_path = folder / "rejects.jsonl"

    def schema(self, stream: str = "issues", **properties: Any) -> dict[str, Any]:
        """A SCHEMA message."""
        return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}}

    def record(self, stream: str = "issues", /, **fields: Any) -> dict[str, Any]:
        """A RECORD message."""
        return {"type": "RECORD", "stream": stream, "record": fields}

    def state(self, value: Any) -> dict[str, Any]:
        """A STATE message."""
        return {"type": "STATE", "value": {"bookmarks": {"at": value}}}

    def company(self, tenant: str = "alpha", **fields: Any) -> str:
        """Make a company behind the API's back."""
        company = self.sandbox.tenant(tenant).insert("companies", {"name": "A company", **fields})
        return company["_id"]

    def rejects(self, path: Path | None = None) -> list[Any]:
        """The RECORD lines of the reject file as it is now, or of another one."""
        path = path or self.rejects_path
        if not path.exists():
            return []
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        return [line for line in lines if line["type"] == "RECORD"]

    def config(self, tenant: str = "alpha", **config: Any) -> dict[str, Any]:
        """Settings for this sandbox; with ``on_reject: continue`` also a reject file."""
        config = {
            "api_token": TOKENS[tenant],
            "api_url": self.sandbox.url,
            "requests_per_minute": 0,
            "progress": "none",
            **config,
        }
        if config.get("on_reject") == "continue":
            config.setdefault("rejects_path", str(self.rejects_path))
        return {name: value for name, value in config.items() if value is not None}

    def lines(self, messages: Iterable[Any]) -> bytes:
        """Messages as a tap writes them."""
        lines = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in messages]
        return b"".join(line + b"\n" for line in lines)

    def run(
        self,
        messages: Iterable[Any],
        *,
        tenant: str = "alpha",
        look: Callable[[], Any] = lambda: None,
        path: Path | None = None,
        models: Mapping[str, Model] | None = None,
        **config: Any,
    ) -> Ran:
        """Run the target on messages, to whatever end; with a path they are written there first."""
        config = self.config(tenant, **config)
        ran = Ran()
        source: Any = io.BytesIO(self.lines(messages))
        if path is not None:
            path.write_bytes(source.getvalue())
            source = path.open("rb")
        with source, contextlib.redirect_stdout(_Stdout(ran, look)):
            try:
                ran.target = TargetPlanhat(config=config, models=models)
                ran.target.listen(source)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                ran.error = error
        if "rejects_path" in config:
            ran.rejects = self.rejects()
        return ran


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Bench:
    """A sandbox with two empty tenants and a place for rejects."""
    return Bench(sandbox, tmp_path)
