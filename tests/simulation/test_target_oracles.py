"""What the oracles of the target say of runs in which something is wrong."""

import copy
import json

import pytest

from simulation.draws import Draws
from simulation.inputs.entities import COMPANIES, object_id
from simulation.inputs.messages import Style
from simulation.oracles.floor import Floor
from simulation.oracles.model import TargetModel
from simulation.oracles.shapes import SHAPES
from simulation.oracles.watch import TargetWatch
from simulation.plan import Plan, Side, Step, TenantPlan, changed
from simulation.run import run

COMPANY = COMPANIES[0]["_id"]
STYLE = Style(Draws(1).plan)


def record(number, key, **fields):
    values = {"sourceId": key, "companyIds": [COMPANY], "title": "t", **fields}
    return STYLE.record("issues", {**values, "_sdc_sequence": number})


LINES = [
    STYLE.schema("issues", {}),
    record(2, "new", status="one"),
    record(3, "wrong", archived="perhaps"),
    STYLE.state(1),
    record(5, "new", status="two"),
    record(6, "old", _sdc_deleted_at="2025-06-01T10:00:00Z"),
    STYLE.state(2),
]
HELD = {"title": "t", "companyIds": [COMPANY], "archived": False}
SETTINGS = {
    "on_reject": "continue",
    "rejects_path": "rejects",
    "summary_path": "summary",
    "deletes": "delete",
    "batch_size_rows": 1,
}


class Watch(TargetWatch):
    """Keeps what it sees at each printed state, so that it can be changed and seen again."""

    def __init__(self, plan):
        super().__init__(plan, forward=True)
        self.seen = []

    def printed(self, line, story):
        super().printed(line, story)
        self.seen.append((line, dict(story.synced), story.tenants["copy"].records("issues")))


class View:
    """A tenant in which something is other than it is."""

    def __init__(self, tenant, change):
        self._tenant = tenant
        self._change = change

    def records(self, model):
        records = copy.deepcopy(self._tenant.records(model))
        return self._change(records) if model == "issues" else records

    def versions(self, model):
        return self._tenant.versions(model)


@pytest.fixture(scope="module")
def plan():
    held = [
        {"_id": object_id(1), "sourceId": "old", **HELD},
        {"_id": object_id(2), "sourceId": "else", **HELD},
    ]
    return Plan(
        profile="simple",
        seed=1,
        steps=[Step(sides=(Side(plugin="target", tenant="copy", settings=SETTINGS),), lines=LINES)],
        tenants={"copy": TenantPlan(records={"companies": COMPANIES, "issues": held})},
    )


@pytest.fixture
def story(plan):
    watch = Watch(plan)
    story = run(plan, watch)
    assert watch.violations == []
    assert len(watch.seen) == 2
    return story


def wrong_at_the_end(story, **settings):
    """Return what is wrong with a run at its end."""
    plan = story.plan
    if settings:
        step = plan.steps[0]
        side = Side(plugin="target", tenant="copy", settings={**SETTINGS, **settings})
        plan = changed(plan, steps=[Step(sides=(side,), lines=step.lines)])
    watch = TargetWatch(plan, forward=True)
    watch.ended(story)
    return " ".join(watch.violations)


def of(records, key):
    return next(each for each in records if each.get("sourceId") == key)


def without(key):
    return lambda records: [each for each in records if each.get("sourceId") != key]


def with_values(key, **values):
    def change(records):
        of(records, key).update(values)
        return records

    return change


def twice(records):
    return [*records, {**of(records, "new"), "_id": object_id(9)}]


def one_more(records):
    return [*records, {"_id": object_id(9), "title": "t"}]


def back(records):
    return [*records, {"_id": object_id(1), "sourceId": "old", **HELD}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("new"), "sourceId=new is missing"),
        (without("else"), "sourceId=else is missing"),
        (with_values("new", status="one"), "sourceId=new has status 'one'"),
        (with_values("else", title="u"), "sourceId=else has title 'u'"),
        (with_values("new", custom={"a": 1}), "sourceId=new has custom.a 1"),
        (twice, "sourceId=new is there 2 times"),
        (one_more, "of a record that no line has made"),
        (back, "sourceId=old is there although it was deleted"),
    ],
)
def test_a_tenant_that_is_not_as_it_must_be_is_seen(story, change, said):
    story.tenants = {"copy": View(story.tenants["copy"], change)}
    assert said in wrong_at_the_end(story)


def rejects_without(part):
    return lambda data: b"".join(each for each in data.splitlines(True) if part not in each)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rejects_without(b'"perhaps"'), "line 3, to be rejected as ['wrong_type'], is not in"),
        (lambda data: data.replace(b"wrong_type", b"unsendable"), "is rejected as unsendable"),
        (lambda data: data.replace(b'"line":3', b'"line":2'), "says that it came in line 2"),
        (lambda data: data.replace(b'"perhaps"', b'"later"'), "does not have the record"),
        (lambda data: data + data, "line 3 is rejected 2 times"),
        (lambda data: b'{"type":\n' + data, "half a line in its middle"),
        (rejects_without(b'"SCHEMA"'), "before any SCHEMA"),
    ],
)
def test_a_reject_file_that_is_not_as_it_must_be_is_seen(story, change, said):
    story.rejects = {"copy": change(story.rejects["copy"])}
    assert said in wrong_at_the_end(story)


@pytest.mark.parametrize(
    ("count", "value", "said"),
    [
        ("updated", 2, "not balanced"),
        ("rejected", 0, "0 records are counted as rejected, 1 are in the reject file"),
        ("read", 3, "4} came, {'issues': 3} are counted as read"),
        ("deleted", 0, "1 records should be deleted, 0 are"),
    ],
)
def test_counts_that_are_wrong_are_seen(story, count, value, said):
    story.lives[-1].summary["streams"]["issues"][count] = value
    assert said in wrong_at_the_end(story)


def test_a_run_that_must_fail_and_does_not_is_seen(story):
    assert "ended well although 1 records had to be rejected" in wrong_at_the_end(
        story, max_rejects=0
    )


def test_a_run_that_fails_without_a_fault_is_seen(story):
    story.lives[-1].ended, story.lives[-1].summary = "failed", None
    assert "failed, and there was no fault" in wrong_at_the_end(story)


def test_a_last_state_that_is_not_printed_is_seen(story):
    del story.lives[-1].printed[1:]
    assert "has not printed the last state" in wrong_at_the_end(story)


def test_too_many_requests_are_seen(story):
    story.lives[-1].summary["requests"] = 500
    assert "it has sent 500 requests, more than" in wrong_at_the_end(story)


def test_a_dry_run_that_writes_is_seen(story):
    said = wrong_at_the_end(story, dry_run=True)
    assert "a dry run has changed issues" in said
    assert "a dry run has written rejects" in said


def test_a_value_that_comes_back_is_seen(story):
    class Backwards(View):
        def versions(self, model):
            versions = dict(self._tenant.versions(model))
            return {each: [*of_it, of_it[0]] for each, of_it in versions.items()}

    story.tenants = {"copy": Backwards(story.tenants["copy"], lambda records: records)}
    assert "has got status 'one' again, after that of a later line" in wrong_at_the_end(story)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"bookmarks":{"issues":{"at":9}}}\n', "is not a state that may be printed"),
        (b'{"bookmarks":{"issues":{"at":2}}}\n', "sourceId=new is missing"),
    ],
)
def test_a_state_that_is_printed_too_early_is_seen(plan, story, line, said):
    story.tenants = {"copy": View(story.tenants["copy"], without("new"))}
    watch = TargetWatch(plan)
    watch.printed(line, story)
    assert said in " ".join(watch.violations)


def test_a_state_before_one_that_was_printed_is_seen(plan, story):
    watch = TargetWatch(plan)
    for line in (story.lives[-1].printed[1], story.lives[-1].printed[0]):
        watch.printed(line, story)
    assert "the state of line 7 was printed before" in " ".join(watch.violations)


def test_a_state_printed_before_its_rejects_are_on_disk_is_seen(plan, story):
    story.synced = {"copy": b""}
    watch = TargetWatch(plan)
    watch.printed(story.lives[-1].printed[0], story)
    assert "line 3, to be rejected as ['wrong_type'], is not in" in " ".join(watch.violations)


def test_at_a_state_each_value_is_of_its_line_or_a_later_one(plan, story):
    states = [json.loads(each) for each in story.lives[-1].printed]
    assert [each["bookmarks"]["issues"]["at"] for each in states] == [1, 2]
    for status, wrong in (("one", False), ("two", False), ("zero", True)):
        tenant = View(story.tenants["copy"], with_values("new", status=status))
        story.tenants = {"copy": tenant}
        watch = TargetWatch(plan)
        watch.printed(story.lives[-1].printed[0], story)
        assert bool(watch.violations) == wrong


def floor_of(plan, change, story, *, rejected=(), until=9):
    tenant = View(story.tenants["copy"], change)
    return " ".join(Floor(TargetModel(plan)).wrong(tenant, rejected, until))


def test_what_is_lost_in_any_order_of_things_is_seen(plan, story):
    assert floor_of(plan, lambda records: records, story) == ""
    assert "issues sourceId=else is lost" in floor_of(plan, without("else"), story)
    assert "issues sourceId=new is lost" in floor_of(plan, without("new"), story)
    assert "which nobody has sent" in floor_of(plan, with_values("new", status="three"), story)


def test_a_record_that_no_line_has_made_is_seen_unless_one_was_deleted(plan, story):
    assert floor_of(plan, one_more, story) == ""
    side = Side(plugin="target", tenant="copy", settings={**SETTINGS, "deletes": "ignore"})
    keeps = changed(plan, steps=[Step(sides=(side,), lines=LINES)])
    assert "that no line has made" in floor_of(keeps, one_more, story)


def test_what_is_deleted_rejected_or_still_to_come_is_not_lost(plan, story):
    assert floor_of(plan, with_values("new", status="one"), story) == ""
    assert floor_of(plan, without("old"), story) == ""
    assert floor_of(plan, without("new"), story, rejected=[5]) == ""
    assert floor_of(plan, without("new"), story, until=2) == ""


def test_a_keyable_that_a_record_may_have_given_up_is_not_lost(plan, story):
    handed = record(7, "newer", _id=object_id(2))
    side = Side(plugin="target", tenant="copy", settings={**SETTINGS, "match_on": ["_id"]})
    step = Step(sides=(side,), lines=[*LINES, handed])
    given_up = changed(plan, steps=[step])
    assert "sourceId=else" not in floor_of(given_up, without("else"), story)
    assert f"_id={object_id(2)} is lost" in floor_of(given_up, without("else"), story)


@pytest.fixture
def again(plan):
    """A run whose first life is killed when the first state is printed."""
    crash = {"print 1": {"kind": "crash", "share": 1.0}}
    story = run(changed(plan, faults=crash))
    assert [life.ended for life in story.lives] == ["crashed", "well"]
    return story


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("new"), "life 2: issues sourceId=new is missing"),
        (with_values("new", status="one"), "life 2: issues sourceId=new has status 'one'"),
        (with_values("else", title="u"), "life 2: issues sourceId=else has title 'u'"),
    ],
)
def test_a_second_life_is_compared_with_what_it_has_to_do_from_there(again, change, said):
    assert wrong_at_the_end(again) == ""
    again.tenants = {"copy": View(again.tenants["copy"], change)}
    watch = TargetWatch(again.plan, whole=lambda _: False)
    watch.ended(again)
    assert said in " ".join(watch.violations)


def test_a_reject_of_a_second_life_is_that_of_what_it_is_fed(again):
    file = again.rejects["copy"]
    again.rejects = {"copy": file + file}
    assert "life 2: the reject of line 3 says that it came in line 3" in wrong_at_the_end(again)


def test_the_result_of_two_lives_is_that_of_one(again):
    watch = TargetWatch(again.plan)
    watch.model.timelines.note(7, SHAPES["issues"], [("issues", "sourceId", "new", "")], None)
    watch.ended(again)
    said = "all lives together: issues sourceId=new is there although it was deleted"
    assert said in " ".join(watch.violations)
