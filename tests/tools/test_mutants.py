"""`make mutants`: what is changed, which tests are run with it, and what is said of the outcome."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutants import report, survivors
from tools.mutants.calls import Calls, RecordedTest
from tools.mutants.edits import edits_of
from tools.mutants.mutant import Name, mutants_of, sample_of
from tools.mutants.process import Ending
from tools.mutants.survivors import Decision
from tools.mutants.trial import Outcome

ROOT = Path(__file__).parents[2]
BOTH = (True, False)


def changes(source):
    """What the last line of a source becomes by each change of that line."""
    last = source.encode().rstrip().rfind(b"\n") + 1
    return {
        edit.applied_to(source.encode()).decode()[last:].strip()
        for edit in edits_of(source.encode())
        if edit.start >= last
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a <= b < c", {"x = a < b < c", "x = a <= b <= c"}),
        ("x = a is not None", {"x = a is None"}),
        ("x = a not in (b)", {"x = a in (b)"}),
        ("x = a and (b) and c", {"x = a or (b) and c", "x = a and (b) or c"}),
        ("x = not (a)", {"x =  (a)"}),
        ("x = (a) + b * c", {"x = (a) - b * c", "x = (a) + b + c"}),
        ("x += 1", {"x -= 1", "x += 2", "pass"}),
        ("x = 0", {"x = 1"}),
        ("x = -1.5", {"x = -2.5"}),
        ("x = True", {"x = False"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("[a for a in b if a]", {"[a for a in b if True]", "[a for a in b if False]", "pass"}),
        ("x = 't' if a else f'{a + 1}'", {f"x = 't' if {b} else f'{{a + 1}}'" for b in BOTH}),
        ("if a: b", {"if True: b", "if False: b", "if a: pass"}),
        ("while a: break", {"while False: break", "while a: continue"}),
        ("for a in b: continue", {"for a in b: break"}),
        ("f()", {"pass"}),
        ("a.b = c", {"pass"}),
        ("raise a", {"pass"}),
        ("def f(a: int, b: int):\n return g(a, b)", {"return None", "return g(b, a)"}),
        ("def f(a: int, b: str): return g(a, b)", {"def f(a: int, b: str): return None"}),
        ("@d(1)\ndef f(a=1): pass", {"def f(a=2): pass"}),
        ("if (a := b): c", {"if (a := b): pass"}),
        ("Alias = int | str", set()),
        ("x: int | str = None", set()),
        ("'text'", set()),
        ("def f(): return None", set()),
        ("if TYPE_CHECKING: x = 1", set()),
        ("x = 'ä' < b", {"x = 'ä' <= b"}),
    ],
)  # fmt: skip
def test_what_is_changed_in_a_line(source, expected):
    assert changes(source) == expected


def test_a_mutant_has_a_name_that_does_not_change_with_the_lines_around_it(tmp_path):
    (tmp_path / "a.py").write_text(
        "class C:\n  def f(self, a):\n    if a > 1 and (\n      a):\n      g(1)\n      g(1)\n"
    )
    (mutant,) = [m for m in mutants_of("r", tmp_path, [tmp_path / "a.py"]) if m.edit.text == ">="]
    assert mutant.name == Name("a.py", "C.f", "if a > 1 and (", "if a >= 1 and (", 0)
    assert (mutant.line, mutant.edit.line) == (3, 2)
    twice = [m for m in mutants_of("r", tmp_path, [tmp_path / "a.py"]) if m.name.after == "g(2)"]
    assert [mutant.name.nth for mutant in twice] == [0, 1]


def test_a_seed_chooses_the_same_mutants_again(tmp_path):
    (tmp_path / "a.py").write_text("\n".join(f"x{at} = {at}" for at in range(50)))
    mutants = mutants_of("r", tmp_path, [tmp_path / "a.py"])
    assert len(mutants) == 50
    one, same, other = (sample_of(mutants, 10, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert len(set(map(str, one))) == 10
    assert sample_of(mutants, 99, 1) == mutants
    assert sample_of([], 10, 1) == []


@pytest.fixture
def mutant(tmp_path):
    """A mutant of the return of a function whose first line is the second of its module."""
    (tmp_path / "a.py").write_text("\ndef f():\n    return 7\n")
    return next(m for m in mutants_of("r", tmp_path, [tmp_path / "a.py"]) if "8" in m.name.after)


def test_the_tests_of_a_mutant_are_those_that_call_its_function(mutant):
    calls = Calls.of(
        {
            "other.py::slow": [20.0, {"a.py": [2]}],
            "other.py::fast": [0.1, {"a.py": [2]}],
            "own.py::slow": [5.0, {"a.py": [2]}],
            "own.py::fast": [1.0, {"a.py": [2, 9]}],
            "own.py::elsewhere": [0.1, {"a.py": [9], "b.py": [2]}],
        }
    )

    def names(budget):
        return [test.name for test in calls.tests_for(mutant, ("own.py",), budget)]

    assert names(99) == ["own.py::fast", "own.py::slow", "other.py::fast", "other.py::slow"]
    assert names(6.1) == ["own.py::fast", "own.py::slow", "other.py::fast"]
    assert names(0) == ["own.py::fast"]
    assert calls.by_module["a.py"][-1] == RecordedTest("own.py::elsewhere", 0.1)


def test_what_is_known_of_a_survivor_stays_until_it_is_noticed_or_gone(mutant):
    gone = Name("b.py", "", "x = 1", "x = 2", 0)
    decision = Decision(survivors.EQUIVALENT, "the same")
    before = {mutant.name: decision, gone: decision}
    survived = [Outcome(mutant, Ending.PASSED, 1)]
    assert survivors.updated(before, survived, [mutant.name]) == {mutant.name: decision}
    assert survivors.updated({}, survived, [mutant.name]) == {mutant.name: Decision()}
    assert survivors.updated(before, [Outcome(mutant, Ending.FAILED, 1)], [mutant.name]) == {}
    assert survivors.updated(before, [], [mutant.name, gone]) == before


def test_the_file_of_survivors_is_read_as_it_was_written(tmp_path, mutant):
    file = tmp_path / "survivors.json"
    assert survivors.read(file) == {}
    decisions = {mutant.name: Decision(survivors.COSMETIC, "it is „a text“")}
    survivors.write(file, decisions)
    assert survivors.read(file) == decisions
    file.write_text(file.read_text("utf-8").replace("cosmetic", "cosmetics"), "utf-8")
    with pytest.raises(ValueError, match="cosmetics is none of equivalent, cosmetic"):
        survivors.read(file)


def test_the_score_is_the_share_of_those_that_can_be_noticed(mutant):
    endings = [Ending.FAILED, Ending.FAILED, Ending.TIMEOUT, Ending.PASSED, None]
    outcomes = [Outcome(mutant, ending, 1) for ending in endings]
    equivalent = {mutant.name: Decision(survivors.EQUIVALENT)}
    lines = report.table({"r": 1234, "s": 5}, outcomes, equivalent).splitlines()
    assert lines[2:] == ["| r | 1,234 | 5 | 3 | 1 | 2 | 0 | 0 | 0 | 100 % |"]
    lines = report.table({"r": 1234}, outcomes, {}).splitlines()
    assert lines[2:] == ["| r | 1,234 | 5 | 3 | 1 | 0 | 0 | 0 | 2 | 60 % |"]


TOY = """\
LIMIT = 3


def is_many(count):
    return count > LIMIT


def unused(count):
    return count
"""
TOY_TESTS = """\
import time

import pytest

from toy.numbers import is_many


def test_ten_are_many():
    assert is_many(10) is True


def test_one_is_not():
    assert is_many(1) is False


def test_that_fails_in_any_case():
    assert not is_many(10)


def test_that_runs_elsewhere(process):
    assert is_many(10)


@pytest.fixture
def process():
    return None
"""
ROOMS = {
    "rooms": {"toy": {"modules": ["toy/*.py"], "tests": ["tests"]}},
    "tests": ["tests/*.py"],
    "support": [],
    "in_other_processes": ["process"],
    "load_first": ["decimal"],
    "survivors": "survivors.json",
    "cache": "cache",
}


def run(folder, *arguments):
    command = [sys.executable, "-m", "tools.mutants", "--root", folder]
    command += ["--rooms", folder / "rooms.json", "--sample", "99", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )


def test_a_mutant_that_no_test_notices_is_found_and_kept_until_somebody_has_decided(tmp_path):
    for name, text in (
        ("toy/__init__.py", ""),
        ("toy/numbers.py", TOY),
        ("tests/test_numbers.py", TOY_TESTS),
        ("rooms.json", json.dumps(ROOMS)),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    first = run(tmp_path)
    assert first.stderr == ""
    assert first.returncode == 1
    assert "toy/numbers.py:5: return count > LIMIT -> return None" in first.stdout.replace(
        "  ", " "
    )
    assert "noticed by tests/test_numbers.py::test_" in first.stdout
    assert "| toy | 4 | 4 | 1 | 0 | 0 | 0 | 0 | 3 | 25 % |" in first.stdout
    file = tmp_path / "survivors.json"
    entries = json.loads(file.read_text())
    assert [(each["before"], each["after"], each["kind"]) for each in entries] == [
        ("LIMIT = 3", "LIMIT = 4", "undecided"),
        ("return count > LIMIT", "return count >= LIMIT", "undecided"),
        ("return count", "return None", "undecided"),
    ]
    for each in entries:
        each.update(kind="cosmetic", reason="nobody counts that far")
    file.write_text(json.dumps(entries))
    (tmp_path / "tests" / "test_limit.py").write_text(
        "from toy.numbers import is_many\n\n\ndef test_four_are_many():\n    assert is_many(4)\n"
    )
    second = run(tmp_path, "--survivors")
    assert second.stderr == ""
    assert second.returncode == 0
    assert "noticed by tests/test_limit.py::test_four_are_many" in second.stdout
    assert "| toy | 4 | 3 | 1 | 0 | 0 | 2 | 0 | 0 | 33 % |" in second.stdout
    assert [each["after"] for each in json.loads(file.read_text())] == [
        "return count >= LIMIT",
        "return None",
    ]
