"""The SDK's standard tests, all of them, against the sandbox over real HTTP.

They prove little: `primary_keys` passes with the same key ten times, and `valid_final_state` looks
at nothing. None is omitted; the tests that count are in the other files of this folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from planhat_sandbox import Sandbox
from tap_planhat.tap import TapPlanhat

if TYPE_CHECKING:
    from tap_planhat.stream import PlanhatStream

# The suite makes a tap when it is collected, long before there is a sandbox to put in here.
CONFIG: dict[str, Any] = {"api_token": "token-a", "requests_per_minute": 0}


class SelectedStreams(TapPlanhat):
    """The tap with the streams of a run alone: the suite expects data of every one there is."""

    def discover_streams(self) -> list[PlanhatStream]:
        return [stream for stream in super().discover_streams() if stream.selected]


TestTheSdksStandardSuite = get_tap_test_class(
    SelectedStreams,
    config=CONFIG,
    suite_config=SuiteConfig(max_records_limit=None),  # complete runs, by the path that users take
    parse_env_config=False,
)


@pytest.fixture(scope="module", autouse=True)
def _sandbox_with_every_property():
    """The suite warns of a property that never occurs, and warnings are errors here."""
    with Sandbox({"token-a": "alpha"}) as sandbox:
        sandbox.behave(objective_times="present")
        tenant = sandbox.tenant("token-a")
        company = tenant.insert("companies", {"name": "Acme"})["_id"]
        enduser = tenant.insert("endusers", {"name": "Lara", "companyId": company})["_id"]
        for number in range(3):
            common = {"sourceId": f"s{number}", "custom": {"Team": "a"}}
            tenant.insert(
                "issues",
                {
                    **common,
                    "title": "t",
                    "description": "d",
                    "companyIds": [company],
                    "companies": [{"id": company, "name": "Acme"}],
                    "enduserIds": [enduser],
                    "endusers": [{"id": enduser, "name": "Lara"}],
                    "conversationIds": ["c"],
                    "source": "jira",
                    "sourceUrl": "https://jira.example",
                    "priority": "high",
                    "archived": False,
                    "status": "Open",
                    "mrrCombined": 0.5,
                    "arrCombined": 6,
                    "followers": ["u"],
                    "companyMatchingValue": [],
                },
            )
            tenant.insert(
                "objectives",
                {
                    **common,
                    "name": "o",
                    "health": 5,
                    "companyId": company,
                    "companyName": "Acme",
                    "externalId": f"e{number}",
                    "usage": {"x": 1},
                },
            )
        CONFIG["api_url"] = sandbox.url
        yield
