"""Whatever happens between rejects and their replays, killed ones among them."""

from __future__ import annotations

from itertools import count

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from replays import NOWHERE, KilledError, Pipe
from target_runs import Bench

KEYS = "abcdefgh"  # more than are looked up one by one
WRONG = {"good": {}, "text": {"archived": "perhaps"}, "company": {"companyIds": [NOWHERE]}}
LINE = st.tuples(st.sampled_from(KEYS), st.sampled_from([*WRONG]))
MANY = settings().max_examples // 2
ROWS = st.sampled_from([1, 2, 50])
STEPS = st.one_of(
    st.tuples(st.just("source"), st.lists(LINE, min_size=1, max_size=9), ROWS),
    st.tuples(st.just("others"), st.sampled_from(KEYS)),
    st.tuples(st.just("correct")),
    st.tuples(st.just("replay"), st.sampled_from([False] * 3 + [True]), st.none(), ROWS),
    st.tuples(st.just("replay"), st.just(False), st.integers(0, 40), ROWS),
)


class World:
    """A tenant, a reject file, and what must become of both.

    It knows the order of events, and looks at no time: a title, of which none is used twice, is
    *overtaken* when its record is changed after it was rejected, by anything but its own replay.
    """

    def __init__(self, bench):
        self.pipe = Pipe(bench)
        self.path = bench.rejects_path
        self.numbers = count()
        self.rejected = {}
        self.overtaken = set()
        self.unfinished = []

    def overtake(self, key):
        self.overtaken |= self.rejected.get(key, set())

    def others(self, key):
        """Somebody else changes a record, or makes it."""
        self.overtake(key)
        self.pipe.touch(key, title=f"theirs {next(self.numbers)}")

    def correct(self):
        """Somebody corrects what is wrong in the reject file."""
        if self.path.exists():
            self.pipe.correct()

    def source(self, lines, rows):
        """A run writes new records and rejects others."""
        lines = [(key, f"ours {next(self.numbers)}", kind) for key, kind in lines]
        records = [self.pipe.record(key, title, **WRONG[kind]) for key, title, kind in lines]
        self.pipe.run(records, batch_size_rows=rows)
        for key, title, kind in lines:
            if kind == "good":
                self.overtake(key)
            else:
                self.rejected.setdefault(key, set()).add(title)

    def replay(self, over_newer, kill_after, rows):
        """The rejects are replayed; first those of a replay that was killed."""
        if not self.unfinished and not self.path.exists():
            return
        source = self.unfinished.pop() if self.unfinished else self.path
        before, names = self.pipe.titles(), set(self.path.parent.iterdir())
        lines, others = self.lines(source), self.lines() if source != self.path else []
        allowed = {
            title
            for _, title, kind in lines
            if kind == "good" and (over_newer or title not in self.overtaken)
        }
        try:
            self.pipe.replay(
                source, kill_after=kill_after, batch_size_rows=rows, replay_over_newer=over_newer
            )
        except KilledError:
            aside = set(self.path.parent.iterdir()) - names - {self.path}
            self.unfinished += aside or ({source} - {self.path})
            for key, title in self.pipe.titles().items():
                assert title == before.get(key) or title in allowed
        else:
            self.check(dict(before), lines, allowed, others)
        for key, title in self.pipe.titles().items():
            if title != before.get(key):
                self.overtake(key)

    def check(self, titles, lines, allowed, others):
        """Check what a replay has made of the titles in Planhat, and what it has rejected again."""
        left = {}
        for key, title, kind in lines:
            if title in allowed or (kind == "good" and titles.get(key) == title):
                titles[key] = title
                left.pop(key, None)  # what is in front of it may have been merged into it
            else:
                left.setdefault(key, set()).add(title)
        assert self.pipe.titles() == titles
        kept = {title for _, title, _ in self.lines()}
        assert set().union(*left.values()) <= kept
        assert kept <= {title for _, title, _ in [*lines, *others]} - (allowed - self.overtaken)

    def lines(self, path=None):
        """Key, title and kind of the lines of a reject file."""
        records = [line["record"] for line in self.pipe.bench.rejects(path)]
        return [(each["sourceId"], each["title"], kind_of(each)) for each in records]


def kind_of(record):
    wrong = (kind for kind, values in WRONG.items() if values and values.items() <= record.items())
    return next(wrong, "good")


@settings(max_examples=MANY, phases=set(Phase) - {Phase.shrink})  # that would take minutes
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_nothing_newer_is_overwritten_and_nothing_else_is_left_out(
    sandbox, tmp_path_factory, steps
):
    sandbox.reset()
    world = World(Bench(sandbox, tmp_path_factory.mktemp("replays")))
    for name, *options in [*steps, ("correct",), ("replay", False, None, 50)]:
        getattr(world, name)(*options)
