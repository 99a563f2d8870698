"""Runs and replays of the target on one clock with the sandbox, which can kill them."""

from __future__ import annotations

from virtual_clock import VirtualClock, over_sockets

from planhat_sync.api.connection import Connection
from planhat_sync.runtime.files import Files
from planhat_sync.system import System
from target_planhat.run import Run
from target_planhat.stream_maps import StreamMaps
from target_planhat.target import TargetPlanhat

NOWHERE = "0" * 24


class Time(VirtualClock):
    """One clock for both sides, on which no two times are equal; it can kill the run."""

    def __init__(self):
        super().__init__()
        self.left = None

    def epoch(self):
        self.seconds += 0.002
        return super().epoch()

    def now(self):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledError
        return super().now()


class KilledError(BaseException):
    """Stands for SIGKILL: nothing is written to a file after it."""


class MortalFiles(Files):
    """Files that a killed run can no longer write to, and that are closed when it is gone."""

    def __init__(self, time):
        self.time = time
        self.opened = set()

    def open(self, path, *, new=False):
        descriptor = super().open(path, new=new)
        self.opened.add(descriptor)
        return descriptor

    def close(self, descriptor):
        self.opened.discard(descriptor)
        super().close(descriptor)

    def write(self, descriptor, data):
        if self.time.left is not None and self.time.left < 0:
            raise KilledError
        super().write(descriptor, data)


class Pipe:
    """Runs of the target against one sandbox, on one clock."""

    def __init__(self, bench):
        self.bench = bench
        self.time = bench.sandbox.clock = Time()
        bench.sandbox.clock = self.time.epoch
        self.tenant = bench.sandbox.tenant("alpha")
        self.company = bench.company()
        self.counts = {}

    def record(self, key, title, **more):
        """A line of a source."""
        fields = {"title": title, "companyIds": [self.company], **more}
        return self.bench.record(sourceId=key, **fields)

    def run(self, messages, **config):
        """Run the target on messages."""
        path = self.bench.rejects_path.with_name("input.singer")
        path.write_bytes(self.bench.lines([self.bench.schema(), *messages]))
        return self.replay(path, **config)

    def replay(self, path=None, *, kill_after=None, **config):
        """Replay a file, the reject file by default; return the codes of the new rejects."""
        target = TargetPlanhat(config=self.bench.config(on_reject="continue", **config))
        files = MortalFiles(self.time)
        run = Run(
            target.settings,
            Connection.from_config(target.config),
            target.models,
            StreamMaps(target.mapper),
            version="test",
            system=System(clock=self.time, files=files, write=lambda _: None, wire=over_sockets),
        )
        self.time.left = kill_after
        try:
            with (path or self.bench.rejects_path).open("rb") as source:
                run.perform(source)
        finally:
            self.time.left = None
            for descriptor in list(files.opened):
                files.close(descriptor)
            run.close()
        self.counts = run.pipeline.counts.total.as_json()
        return [line["reject"]["code"] for line in self.bench.rejects()]

    def correct(self):
        """Correct every record in the reject file."""
        path = self.bench.rejects_path
        text = path.read_text().replace('"perhaps"', "false").replace(NOWHERE, self.company)
        path.write_text(text)

    def touch(self, key, **fields):
        """Change a record, or make it, as somebody else does."""
        for record in self.tenant.records("issues"):
            if record.get("sourceId") == key:
                self.tenant.update("issues", record["_id"], fields)
                return
        fields = {"companyIds": [self.company], "sourceId": key, **fields}
        self.tenant.insert("issues", fields)

    def titles(self):
        return {each["sourceId"]: each["title"] for each in self.tenant.records("issues")}
