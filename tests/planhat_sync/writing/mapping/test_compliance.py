"""Our functions and literals pass JMESPath's own compliance tests.

`jmespath_compliance/` holds those of github.com/jmespath/jmespath.py that test functions, literals
and comparisons, unchanged and under their own license.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planhat_sync.writing.mapping.expressions import (
    ABSENT,
    EvaluationError,
    InvalidExpressionError,
    compiled,
)
from planhat_sync.writing.records.exact_json import decode


def exact(value):
    """Return a value as the target reads it."""
    return decode(json.dumps(value).encode())


CASES = [
    pytest.param(suite["given"], case, id=f"{path.stem}: {case['expression']}")
    for path in sorted((Path(__file__).parent / "jmespath_compliance").glob("*.json"))
    for suite in json.loads(path.read_text("utf-8"))
    for case in suite["cases"]
    if "bench" not in case
]


@pytest.mark.parametrize(("record", "case"), CASES)
def test_a_case_of_the_compliance_tests(record, case) -> None:
    if "error" in case:
        with pytest.raises((InvalidExpressionError, EvaluationError)):
            compiled(case["expression"])(exact(record))
        return
    found = compiled(case["expression"])(exact(record))
    assert (None if found is ABSENT else found) == exact(case["result"])
