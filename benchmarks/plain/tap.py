"""A minimal tap: singer-sdk's RESTStream with its OffsetPaginator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import OffsetPaginator
from singer_sdk.typing import PropertiesList, Property, StringType

if TYPE_CHECKING:
    from collections.abc import Mapping
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "issues.json").read_text())
PAGE = 2000


class Issues(RESTStream[int]):
    """All issues, by offset."""

    name = "issues"
    path = "/issues"
    primary_keys = ("_id",)
    records_jsonpath = "$[*]"
    schema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": SCHEMA["properties"],
    }

    @property
    def url_base(self) -> str:
        """Planhat's address."""
        return str(self.config["api_url"])

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        """The token."""
        return BearerTokenAuthenticator(token=self.config["api_token"])

    def get_new_paginator(self) -> OffsetPaginator:
        """By offset, until a page is empty."""
        return OffsetPaginator(start_value=0, page_size=PAGE)

    def get_url_params(
        self,
        context: Mapping[str, Any] | None,  # noqa: ARG002 - the SDK's signature
        next_page_token: int | None,
    ) -> dict[str, Any]:
        """The page asked for."""
        return {"limit": PAGE, "offset": next_page_token or 0, "sort": "_id"}


class PlainTap(Tap):
    """A tap as the template makes it."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = PropertiesList(
        Property("api_token", StringType, required=True, secret=True),
        Property("api_url", StringType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[Issues]:
        """One stream."""
        return [Issues(self)]


if __name__ == "__main__":
    PlainTap.cli()
