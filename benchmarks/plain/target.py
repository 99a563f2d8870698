"""A minimal target: singer-sdk's BatchSink with one PUT a batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import requests
from singer_sdk import BatchSink, Target
from singer_sdk.typing import PropertiesList, Property, StringType

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "issues.json").read_text())
NOT_SENT = {"_id"} | {name for name, one in SCHEMA["properties"].items() if one.get("readOnly")}


class PlainSink(BatchSink):
    """Sends each batch as received, without what only Planhat sets."""

    max_size = 5000
    session = requests.Session()

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send a batch in one request."""
        items = [
            {name: value for name, value in record.items() if name not in NOT_SENT}
            for record in context["records"]
        ]
        self.session.put(
            f"{self.config['api_url']}/{self.stream_name}",
            json=items,
            headers={"Authorization": f"Bearer {self.config['api_token']}"},
            timeout=300,
        ).raise_for_status()


class PlainTarget(Target):
    """A target as the template makes it."""

    name = "target-plain"
    default_sink_class = PlainSink
    config_jsonschema: ClassVar[dict[str, Any]] = PropertiesList(
        Property("api_token", StringType, required=True, secret=True),
        Property("api_url", StringType, required=True),
    ).to_dict()


if __name__ == "__main__":
    PlainTarget.cli()
