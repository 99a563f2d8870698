"""The settings of one connection to Planhat, and what of them is refused."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from planhat_api import DISTRIBUTION
from planhat_api.errors import ConfigurationError
from planhat_api.redaction import hide

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL = "https://api.planhat.com"

CONNECTION_SETTINGS: dict[str, Any] = {
    "api_token": {
        "type": "string",
        "secret": True,
        "title": "API token",
        "description": "Access token of a Planhat private app.",
    },
    "api_url": {
        "type": "string",
        "default": DEFAULT_URL,
        "title": "API address",
        "description": (
            "Address of the API; tenants outside the default region have their own, "
            "such as https://api-us3.planhat.com."
        ),
    },
    "requests_per_minute": {
        "type": "integer",
        "minimum": 0,
        "default": 200,
        "title": "Requests a minute",
        "description": "Most requests sent in a minute, over all threads; 0 sends without pacing.",
    },
    "request_timeout_seconds": {
        "type": "integer",
        "minimum": 1,
        "default": 60,
        "title": "Request timeout (seconds)",
        "description": "Longest a request may take; a bulk upsert may take five times as long.",
    },
    "retry_budget_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": 300,
        "title": "Retry budget (seconds)",
        "description": "Longest one request is tried again after it first failed; 0 never retries.",
    },
    "user_agent": {
        "type": "string",
        "title": "User agent",
        "description": "Replaces the User-Agent header, by default planhat-singer and its version.",
    },
}
"""JSON Schema properties of the settings that both plugins share."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Planhat is, who we are, and how patient we are.

    Attributes:
        api_token: The private app's token; never part of a repr.
        api_url: Scheme, host and port, with no slash at the end.
        requests_per_minute: Pace over all threads; 0 for none.
        request_timeout_seconds: Longest a request may take.
        retry_budget_seconds: Longest a request is tried again after its first failure.
        user_agent: Value of the User-Agent header.
    """

    api_token: str = field(repr=False)
    api_url: str = DEFAULT_URL
    requests_per_minute: int = 200
    request_timeout_seconds: int = 60
    retry_budget_seconds: int = 300
    user_agent: str = ""

    def __post_init__(self) -> None:
        hide(self.api_token)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Connection:
        """Read a connection out of a plugin's settings.

        Args:
            config: The settings by name; other settings are ignored.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        token = config.get("api_token")
        if not token:
            raise ConfigurationError(
                "api_token is not set: make a private app in Planhat and give its access token"
            )
        given = {
            name: config[name]
            for name in CONNECTION_SETTINGS
            if name != "api_token" and config.get(name) is not None
        }
        given["api_url"] = _checked_url(given.get("api_url", DEFAULT_URL))
        given.setdefault("user_agent", f"{DISTRIBUTION}/{metadata.version(DISTRIBUTION)}")
        return cls(api_token=token, **given)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ConfigurationError("api_url must begin with https:// and name a host")
    return url.rstrip("/")


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
