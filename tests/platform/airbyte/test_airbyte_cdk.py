"""airbyte-cdk's standard tests of connectors, with `source-planhat` and `destination-planhat`.

They are made for connectors that are classes of the CDK, or images. Ours are commands: what would
run a class runs the command instead, and so does a `docker` of ours (in `bin/`) that has no images.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import DestinationTestSuiteBase, SourceTestSuiteBase

# Problems of a catalog that will be failures one day are failures here.
pytestmark = pytest.mark.filterwarnings(
    "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"
)

HERE = Path(__file__).parent
COMMANDS = HERE.parents[2] / ".venv" / "bin"


class Command:
    """One of our commands, where the standard tests ask for a connector."""

    def __init__(self, name: str) -> None:
        self.path = COMMANDS / name

    def spec(self, logger):
        """A connector is known by having this; it is not called."""
        raise NotImplementedError


def run_command(source, args, **_):
    """Run a command where the standard tests run a class; return what it printed."""
    ended = subprocess.run([source.path, *args], capture_output=True, text=True, check=False)
    failure = subprocess.CalledProcessError(ended.returncode, args) if ended.returncode else None
    return entrypoint_wrapper.EntrypointOutput(
        messages=ended.stdout.split("\n")[:-1], uncaught_exception=failure, stderr=ended.stderr
    )


class Standard:
    """What the standard tests of both connectors are given."""

    name: str
    options: ClassVar[dict]

    # Compares the specification with that in Airbyte's registry, which knows another connector.
    test_docker_image_spec_backward_compatibility = None

    @classmethod
    def get_connector_root_dir(cls):
        return HERE / cls.name

    @classmethod
    def create_connector(cls, scenario):
        return Command(cls.name)

    @pytest.fixture(autouse=True)
    def _commands_run(self, monkeypatch):
        monkeypatch.setattr(entrypoint_wrapper, "_run_command", run_command)

    @pytest.fixture
    def connector_image_override(self):
        return self.name

    @pytest.fixture
    def connector_base_image_override(self):
        return None

    @pytest.fixture
    def read_from_streams(self):
        return "all"

    @pytest.fixture
    def read_scenarios(self):
        return "all"

    @pytest.fixture(params=["right", "all options", "unknown token"])
    def scenario(self, request, sandbox, tmp_path):
        config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
        status = "succeed"
        if request.param == "all options":
            config |= self.options
        if request.param == "unknown token":
            config["api_token"], status = "unknown-token", "failed"
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        return ConnectorTestScenario(config_path=path, status=status)


class TestSource(Standard, SourceTestSuiteBase):
    name = "source-planhat"
    options: ClassVar = {"detect_deletes": True, "discover_custom_fields": True}


class TestDestination(Standard, DestinationTestSuiteBase):
    name = "destination-planhat"
    options: ClassVar = {"match_on": ["sourceId"], "deletes": "archive", "skip_unchanged": True}
