"""No output file takes the place of another file."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.files import Files
from planhat_sync.writing.results.output_files import check_output_files


@pytest.mark.parametrize("setting", ["rejects_path", "summary_path"])
def test_the_file_that_states_are_printed_to_is_refused(tmp_path, setting):
    path = tmp_path / "states.jsonl"
    paths = {"rejects_path": None, "summary_path": None, setting: path}
    with path.open("w") as file, contextlib.redirect_stdout(file):
        with pytest.raises(ConfigurationError, match=f"{setting}: .* is where states are printed"):
            check_output_files(Files(), **paths)
        paths[setting] = tmp_path / "other.jsonl"
        check_output_files(Files(), **paths)


def test_a_summary_replaces_neither_a_device_nor_a_folder(tmp_path):
    for path in (Path("/dev/null"), tmp_path):
        with pytest.raises(ConfigurationError, match="is not a regular file"):
            check_output_files(Files(), rejects_path=None, summary_path=path)


def test_a_summary_replaces_only_a_summary_or_an_empty_file(tmp_path):
    path = tmp_path / "summary.json"
    for content in ("", json.dumps({"streams": {}, "result": "done", "more": 1})):
        path.write_text(content)
        check_output_files(Files(), rejects_path=None, summary_path=path)
    for content in ("{}", json.dumps({"streams": {}}), json.dumps({"result": "done"}), "text"):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match="something other than a summary"):
            check_output_files(Files(), rejects_path=None, summary_path=path)
