"""States and reject files that earlier versions wrote: how they are made, and where they are kept.

    python tests/support/earlier_versions.py <commit> <commit> …

runs the programs of each commit against the sandbox of this checkout, and keeps what they write in
`tests/versions/kept/`, by the commit. A package that a commit needs and this environment does not
have is put on PYTHONPATH. Do so for each release, and whenever a format changes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planhat_sandbox.planhat.tenant import Tenant

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "versions" / "kept"
COMPANIES = ["000000000000000000000001", "000000000000000000000002"]
ISSUES, OBJECTIVES = range(1, 13), range(1, 6)

RUNS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "plain": ({}, {"issues": "", "objectives": ""}),
    "companies": ({"company_ids": COMPANIES}, {"issues": "", "objectives": ""}),
    "deletes": ({"detect_deletes": True}, {"issues": ""}),
    "on-request": ({}, {"objectives": "INCREMENTAL"}),
}
"""By name: settings of the tap; the streams, each with the replication method of the catalog."""
REJECTED = (
    {"sourceId": "1", "title": "Import is slow", "archived": "perhaps", "companyIds": ["extid-a"]},
    {"sourceId": "2", "title": "Of a company to come", "companyIds": ["extid-to-come"]},
    {"title": "Without a keyable", "companyIds": ["extid-a"]},
)
"""Records of issues that no version has written, since the tenant has no company."""


def issue_id(number: int) -> str:
    """Return the `_id` of an issue."""
    return f"{0x1000 + number:024x}"


def at(day: float) -> str:
    """Return a time in March of 2026."""
    return f"2026-03-{int(day):02}T{int(day % 1 * 24):02}:00:00.000Z"


def fill(tenant: Tenant) -> None:
    """Insert what the tenant held when the states were written: always the same."""
    for number, company in enumerate(COMPANIES, 1):
        values = {"_id": company, "name": f"Company {number}", "externalId": f"acme-{number}"}
        tenant.insert("companies", values)
    for number in ISSUES:
        company = COMPANIES[number % 2]
        values = {"_id": issue_id(number), "sourceId": f"HELP-{number}", "companyIds": [company]}
        tenant.insert("issues", {**values, "title": f"Issue {number}", "updatedAt": at(number)})
    for number in OBJECTIVES:
        values = {"_id": f"{0x2000 + number:024x}", "companyId": COMPANIES[number % 2]}
        tenant.insert("objectives", {**values, "name": f"OBJ-{number}", "updatedAt": at(number)})


def kept(what: str) -> dict[str, Any]:
    """Return JSON files by their commits.

    Args:
        what: One of `RUNS` for the states that it left, or `airbyte`, `settings` or `summary`.
    """
    files = sorted(KEPT.glob(f"*-{what}.json"))
    return {file.name.partition("-")[0]: json.loads(file.read_text("utf-8")) for file in files}


def kept_rejects(protocol: str) -> dict[str, bytes]:
    """Return the reject files of `singer` or `airbyte`, by their commits."""
    files = sorted(KEPT.glob(f"*-{protocol}-rejects.jsonl"))
    return {file.name.partition("-")[0]: file.read_bytes() for file in files}


class Version:
    """The programs of a commit, in a folder.

    Args:
        commit: The commit.
        folder: Where its files are put, and where its programs run.
    """

    def __init__(self, commit: str, folder: Path) -> None:
        self.folder = folder
        listed = ["git", "archive", commit]
        archive = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder / "code", filter="data")
        project = (folder / "code" / "pyproject.toml").read_text("utf-8")
        name = project.partition('\nname = "')[2].partition('"')[0]
        info = folder / "code" / f"{name.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n"
        (info / "METADATA").write_text(text, "utf-8")

    def has(self, package: str) -> bool:
        """Return whether the commit has a package."""
        return (self.folder / "code" / package).is_dir()

    def run(self, module: str, *arguments: str, given: bytes = b"") -> list[dict[str, Any]] | None:
        """Run a program.

        Args:
            module: Its module, and a command if it has one.
            arguments: Names of files, and options.
            given: Standard input.

        Returns:
            What it printed; None if it failed.
        """
        path = os.pathsep.join([str(self.folder / "code"), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", *module.split(), *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            input=given,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stderr.decode().splitlines()[-1] + "\n")
            return None
        text = done.stdout.decode()
        if text.startswith("{\n"):  # one value of several lines
            return [json.loads(text)]
        return [json.loads(line) for line in text.splitlines()]

    def write(self, name: str, value: object) -> str:
        """Write a JSON file into the folder, and return its name."""
        (self.folder / name).write_text(json.dumps(value), "utf-8")
        return name

    def singer_state(self, url: str, run: str) -> object:
        """Return the state that two runs of the tap leave, one after the other."""
        settings, methods = RUNS[run]
        account = {"api_token": "token-a", "api_url": url}
        config = ("--config", self.write("tap.json", {**account, **settings}))
        found = self.run("tap_planhat", *config, "--discover")
        if found is None:
            return None
        streams = [each for each in found[0]["streams"] if each["tap_stream_id"] in methods]
        for each in streams:
            (own,) = (item for item in each["metadata"] if not item["breadcrumb"])
            own["metadata"]["selected"] = True
            if method := methods[each["tap_stream_id"]]:
                own["metadata"]["replication-method"] = method
        catalog = ("--catalog", self.write("catalog.json", {"streams": streams}))
        state: object = {}
        for _ in range(2):
            given = ("--state", self.write("state.json", state))
            messages = self.run("tap_planhat", *config, *catalog, *given)
            if messages is None:
                return None
            state = next(each["value"] for each in reversed(messages) if each["type"] == "STATE")
        return state

    def airbyte_state(self, url: str) -> object:
        """Return the states that a run of the Airbyte source leaves."""
        account = self.write("source.json", {"api_token": "token-a", "api_url": url})
        config = ("--config", account)
        found = self.run("airbyte_planhat.source discover", *config)
        if found is None:
            return None
        streams = [_configured(each) for each in found[-1]["catalog"]["streams"]]
        wanted = [each for each in streams if each["stream"]["name"] in {"issues", "objectives"}]
        catalog = ("--catalog", self.write("configured.json", {"streams": wanted}))
        messages = self.run("airbyte_planhat.source read", *config, *catalog)
        states = [each["state"] for each in messages or [] if each["type"] == "STATE"]
        return list({each["stream"]["stream_descriptor"]["name"]: each for each in states}.values())

    def settings(self) -> dict[str, list[str]]:
        """Return the names of the settings of each program."""
        found = {}
        for module in ("tap_planhat", "target_planhat"):
            (about,) = self.run(module, "--about", "--format=json") or [{}]
            found[module] = sorted(about["settings"]["properties"])
        if self.has("airbyte_planhat"):
            for module in ("airbyte_planhat.source", "airbyte_planhat.destination"):
                (message,) = self.run(f"{module} spec") or [{}]
                specification = message["spec"]["connectionSpecification"]
                found[module] = sorted(specification["properties"])
        return found

    def singer_rejects(self, url: str) -> Path:
        """Return the reject file of a run of the target."""
        rejects = self.folder / "singer.jsonl"
        summary = {"summary_path": str(self.folder / "summary.json")}
        config = self.write("target.json", {**self._target(url, rejects), **summary})
        properties = {name: {} for record in REJECTED for name in record}
        schema = {"type": "SCHEMA", "stream": "issues", "schema": {"properties": properties}}
        records = [{"type": "RECORD", "stream": "issues", "record": each} for each in REJECTED]
        self.run("target_planhat", "--config", config, given=_lines(schema, *records))
        return rejects

    def airbyte_rejects(self, url: str) -> Path:
        """Return the reject file of a run of the Airbyte destination."""
        rejects = self.folder / "airbyte.jsonl"
        config = self.write("destination.json", self._target(url, rejects))
        stream = {"name": "issues", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
        catalog = self.write("written.json", {"streams": [_configured(stream)]})
        records = [{"stream": "issues", "data": each, "emitted_at": 1} for each in REJECTED]
        given = _lines(*({"type": "RECORD", "record": each} for each in records))
        command = "airbyte_planhat.destination write"
        self.run(command, "--config", config, "--catalog", catalog, given=given)
        return rejects

    def _target(self, url: str, rejects: Path) -> dict[str, Any]:
        account = {"api_token": "token-b", "api_url": url}
        return {**account, "on_reject": "continue", "rejects_path": str(rejects)}


def _configured(stream: dict[str, Any]) -> dict[str, Any]:
    mode = stream["supported_sync_modes"][-1]
    return {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append_dedup"}


def _lines(*messages: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in messages)


def written_by(version: Version, url: str) -> Iterator[tuple[str, bytes]]:
    """Return the names of the files that a commit writes, and their contents."""
    states = {run: version.singer_state(url, run) for run in RUNS}
    rejects = {"singer": version.singer_rejects(url)}
    if version.has("airbyte_planhat"):
        states["airbyte"] = version.airbyte_state(url)
        rejects["airbyte"] = version.airbyte_rejects(url)
    yield "settings.json", json.dumps(version.settings(), indent=1).encode() + b"\n"
    yield "summary.json", (version.folder / "summary.json").read_bytes()
    for run, state in states.items():
        if state is not None:
            yield f"{run}.json", json.dumps(state).encode() + b"\n"
    for protocol, file in rejects.items():
        if file.exists():
            yield f"{protocol}-rejects.jsonl", file.read_bytes()


def main() -> None:
    """Keep what the commits of the command line write."""
    from planhat_sandbox import Sandbox  # noqa: PLC0415 - the tests have one already

    found: dict[str, list[str]] = defaultdict(list)
    for commit in sys.argv[1:]:
        with (
            Sandbox({"token-a": "alpha", "token-b": "beta"}) as sandbox,
            tempfile.TemporaryDirectory() as folder,
        ):
            sandbox.behave(objective_times="present")
            fill(sandbox.tenant("alpha"))
            for name, content in written_by(Version(commit, Path(folder)), sandbox.url):
                (KEPT / f"{commit}-{name}").write_bytes(content)
                found[commit].append(name)
    for commit, names in found.items():
        sys.stdout.write(f"{commit}: {', '.join(names)}\n")


if __name__ == "__main__":
    main()
