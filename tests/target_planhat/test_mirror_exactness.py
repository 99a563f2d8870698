"""Whatever happens, the mirror removes nothing that the source still has, or never had.

Random tenants, sources, faults, rejects and stops between any two requests; taps that are cut off
anywhere; two runs after each other. A reference of a few lines says which records must not change.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

from hypothesis import event, given, settings
from hypothesis import strategies as st
from virtual_clock import over_sockets

from planhat_sync.api.connection import Connection
from planhat_sync.errors import PlanhatError
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.system import System
from target_planhat.run import Run
from target_planhat.target import TargetPlanhat

EXAMPLES = max(80, settings().max_examples)
ROWS = 9
YOUNG, ODD = f"{0xFFFFFF00:08x}" + "0" * 14, "no ObjectId "


class QuickClock(Clock):
    """A clock on which waiting takes no time."""

    skipped = 0.0

    def now(self):
        return super().now() + self.skipped

    def wait(self, stop, seconds):
        self.skipped += max(0.0, seconds)
        return stop.is_set()


@dataclass(frozen=True)
class Row:
    """An issue in Planhat before the first run."""

    source: str | None
    key: str | int | None
    identifier: str | None
    archived: bool


@dataclass(frozen=True)
class Source:
    """What a tap prints."""

    keys: tuple[int, ...]
    deleted: frozenset[int]
    has_reject: bool
    kind: str
    cut: int | None

    @property
    def came(self):
        return {f"k{key}" for key in self.keys if key not in self.deleted}

    @property
    def proves_itself(self):
        if self.has_reject or (self.kind != "file" and (self.cut is not None or not self.keys)):
            return False
        return self.kind in ("ours", "file")

    def messages(self, bench, company):
        version = int(time.time())
        fields = {"title": "t", "source": "Jira", "companyIds": [company]}
        records = [
            bench.record(
                sourceId=f"k{key}",
                **fields,
                **({"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if key in self.deleted else {}),
            )
            for key in self.keys
        ]
        if self.has_reject:
            records.insert(len(records) // 2, bench.record(title="without a key"))
        for record in records:
            record["version"] = version
        activate = {"type": "ACTIVATE_VERSION", "stream": "issues", "version": version}
        printed = {
            "ours": [*records, activate],
            "sdk": [activate, *records, bench.state("the last")],
            "sdk child": [activate, *records[:2], activate, *records[2:]],
            "file": records,
        }[self.kind]
        if self.cut is not None and self.kind != "file":
            printed = printed[: self.cut % len(printed)]
        return [bench.schema(), *printed]


def all_rows():
    def row(number):
        return st.builds(
            Row,
            source=st.sampled_from(["Jira", "Jira", "Jira", "jira", "Other", None]),
            key=st.sampled_from([f"k{number}"] * 4 + [f" K{number} ", "", " ", None, number]),
            identifier=st.sampled_from([None] * 5 + [f"{YOUNG}{number:02}", f"{ODD}{number}"]),
            archived=st.sampled_from([False] * 5 + [True]),
        )

    return st.tuples(*map(row, range(ROWS)))


def sources(*, complete=False):
    kinds = ["ours"] if complete else ["ours", "ours", "ours", "sdk", "sdk", "sdk child", "file"]
    keys = st.lists(st.integers(0, ROWS + 2), unique=True, min_size=int(complete), max_size=ROWS)
    return st.builds(
        Source,
        keys=keys.map(tuple),
        deleted=st.frozensets(st.integers(0, ROWS), max_size=2),
        has_reject=st.just(False) if complete else st.sampled_from([False] * 5 + [True]),
        kind=st.sampled_from(kinds),
        cut=st.none() if complete else st.sampled_from([None] * 2 * ROWS + list(range(ROWS))),
    )


def faults():
    on = {"route": st.sampled_from(["list", "bulk", "delete"]), "nth": st.integers(1, 4)}
    status = st.sampled_from([400, 403, 429, 500, 503])
    return st.lists(
        st.one_of(
            st.fixed_dictionaries({"name": st.just("status"), "status": status, **on}),
            st.fixed_dictionaries(
                {"name": st.sampled_from(["reset-before", "reset-after", "cut-body"]), **on}
            ),
            st.fixed_dictionaries(
                {
                    "name": st.just("apply-late"),
                    "seconds": st.just(0.02),
                    "answer_after": st.just(0.0),
                    **on,
                }
            ),
        ),
        max_size=2,
    )


def run(bench, source, company, folder, *, verb, percent=100, stop_at=None):
    """Run the target on a source; return the run, and how it failed."""
    config = bench.config(
        on_missing=verb,
        missing_scope={"source": "Jira"},
        match_on=["sourceId"],
        max_missing_percent=percent,
        source_is_complete=True if source.kind == "file" else None,
        on_reject="continue",
        batch_size_rows=3,
    )
    plugin = TargetPlanhat(config=config)
    target = Run(
        plugin.settings,
        Connection.from_config(plugin.config),
        plugin.models,
        plugin._record_maps(),
        version="test",
        system=System(clock=QuickClock(), write=lambda lines: None, wire=over_sockets),
    )
    watchers = bench.sandbox.after_each_request
    left = [stop_at]

    def stop(_):
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                target.stop.request(15)

    watchers[:] = [stop]
    content = bench.lines(source.messages(bench, company))
    path = folder / "input.jsonl"
    path.write_bytes(content)
    opened = path.open("rb") if source.kind == "file" else io.BytesIO(content)
    error = None
    with opened:
        try:
            target.perform(opened, is_complete=source.kind == "file")
        except (PlanhatError, StoppedBySignal) as failed:
            error = failed
    watchers.clear()
    bench.sandbox.faults.clear()
    bench.sandbox.settle()
    return target, error


def state_of(tenant, identifier):
    record = tenant.get("issues", identifier)
    return None if record is None else record.get("archived") or False


def insert(tenant, rows, company):
    """Insert the rows behind the API's back."""
    for row in rows:
        fields = {"title": "t", "companyIds": [company], "archived": row.archived}
        named = {"source": row.source, "sourceId": row.key, "_id": row.identifier}
        fields |= {name: value for name, value in named.items() if value is not None}
        tenant.insert("issues", fields)


def changed(tenant, before, came, *, may_remove):
    """Return the records that were removed although they had to stay."""
    return [
        record
        for record in before
        if state_of(tenant, record["_id"]) != (record.get("archived") or False)
        and not (may_remove and may_go(record) and not has_come(record["sourceId"], came))
    ]


def may_go(record):
    """Return whether a record may be removed if the source does not have it."""
    key = record.get("sourceId")
    has_key = isinstance(key, str) and key.strip()
    is_old = not record["_id"].startswith((YOUNG[:6], ODD[:2]))
    return record.get("source") == "Jira" and has_key and is_old and not record.get("archived")


def has_come(key, came):
    return isinstance(key, str) and key.strip().lower() in came


@settings(max_examples=EXAMPLES)
@given(
    rows=all_rows(),
    first=sources(),
    second=sources(complete=True),
    broken=faults(),
    verb=st.sampled_from(["archive", "delete"]),
    percent=st.sampled_from([100, 100, 10]),
    stop_at=st.sampled_from([None] * 5 + list(range(8))),
)
def test_nothing_goes_but_what_the_source_does_not_have(
    bench, tmp_path, rows, first, second, broken, verb, percent, stop_at
):
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    tenant = bench.sandbox.tenant("alpha")
    company = bench.company()
    insert(tenant, rows, company)

    before = tenant.records("issues")
    for fault in broken:
        bench.sandbox.fault(**fault)
    ran, error = run(bench, first, company, tmp_path, verb=verb, percent=percent, stop_at=stop_at)
    removed = ran.pipeline.counts.removed.get("issues")
    event(f"first run: removed {removed}, {type(error).__name__}")
    assert not changed(tenant, before, first.came, may_remove=first.proves_itself)
    assert first.proves_itself or removed is None

    before = tenant.records("issues")
    ran, error = run(bench, second, company, tmp_path, verb=verb)
    assert error is None
    assert not changed(tenant, before, second.came, may_remove=True)
    left = filter(may_go, tenant.records("issues"))
    assert all(has_come(record["sourceId"], second.came) for record in left)
