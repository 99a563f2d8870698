"""The SDK's own target suite, over real HTTP: every test of it but those named in OMITTED.

Its streams are not models of Planhat's, so a stream map turns each into issues, keyed on what a
record says. The suite itself asks for little (a target that throws everything away passes), so
each test also looks at what arrived.
"""

from __future__ import annotations

import json

import pytest
from singer_sdk.testing import SuiteConfig
from singer_sdk.testing.runners import TargetTestRunner
from singer_sdk.testing.suites import target_tests
from singer_sdk.testing.target_tests import (
    TargetInvalidSchemaTest,
    TargetMultipleStateMessages,
    TargetRecordMissingKeyProperty,
    TargetRecordMissingRequiredProperty,
)

from target_planhat.target import TargetPlanhat

OMITTED = {
    TargetInvalidSchemaTest: "the run must fail on a SCHEMA without properties; ours accepts it, "
    "since records are checked against the model (test_stream_maps)",
    TargetRecordMissingKeyProperty: "the run must fail on a record without a key property; ours "
    "rejects such a record and continues, or fails, as on_reject says (test_sdk_defects)",
    TargetMultipleStateMessages: "states must wait until every sink is drained; ours are "
    "printed as soon as their records are durable (test_sdk_defects). The SDK leaves it out, too",
}
TESTS = [*target_tests.tests, TargetRecordMissingRequiredProperty]


def records_of(test):
    """Return the different records in a test's file, each with its stream."""
    path = getattr(test, "singer_filepath", None)
    if path is None or not path.is_file():
        return set()
    lines = (json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line)
    return {
        (line["stream"], json.dumps(line["record"], sort_keys=True))
        for line in lines
        if line["type"] == "RECORD"
    }


def stream_maps(company):
    return {
        "*": {
            "__alias__": "issues",
            "sourceId": "md5(__stream_name__ + str(record))",
            "title": "str(record)",
            "companyIds": f"['{company}']",
            "__key_properties__": ["sourceId"],
            "__else__": None,
        }
    }


@pytest.mark.parametrize(
    "test_class",
    [test_class for test_class in TESTS if test_class not in OMITTED],
    ids=lambda test_class: test_class.name or test_class.__name__,
)
def test_standard(bench, test_class):
    config = bench.config(stream_maps=stream_maps(bench.company()))
    runner = TargetTestRunner(TargetPlanhat, config=config, parse_env_config=False)
    test = test_class()
    try:
        test.run(SuiteConfig(), None, runner)
    finally:
        if runner.target_input is not None:
            runner.target_input.close()
    issues = bench.sandbox.tenant("alpha").records("issues")
    raises = test_class.name == "record_before_schema"
    assert len(issues) == (0 if raises else len(records_of(test)))


def test_every_standard_test_is_run_or_omitted_for_a_reason():
    file_tests = TargetMultipleStateMessages.__mro__[1].__subclasses__()
    assert set(file_tests) <= {*TESTS, *OMITTED}
