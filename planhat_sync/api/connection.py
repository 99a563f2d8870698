"""The settings of a connection to Planhat: their definitions, and the checks of their values."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from planhat_sync.distribution import DISTRIBUTION
from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.config_errors import config_errors

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
        "title": "API URL",
        "description": (
            "Base URL of the API. Tenants outside the default region have another one, such as "
            "https://api-us3.planhat.com. It must be https, except on this machine."
        ),
    },
    "requests_per_minute": {
        "type": "integer",
        "minimum": 0,
        "default": 200,
        "title": "Requests per minute",
        "description": (
            "Maximum rate of requests over all threads; allows bursts of a quarter of this rate, "
            "at most 50 requests. 0 disables the limit."
        ),
    },
    "request_timeout_seconds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3600,
        "default": 60,
        "title": "Request timeout (seconds)",
        "description": (
            "Maximum time for one request, until the last byte of its answer; a bulk upsert may "
            "take five times as long."
        ),
    },
    "retry_budget_seconds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 86400,
        "default": 300,
        "title": "Retry budget (seconds)",
        "description": (
            "Maximum time to keep retrying one request, from its first failure; 0 disables retries."
        ),
    },
    "user_agent": {
        "type": "string",
        "title": "User agent",
        "description": "User-Agent header to send instead of planhat-sync and its version.",
    },
}
"""JSON Schema properties of the connection settings."""

_VISIBLE_ASCII = re.compile(r"[!-~]+")
_PRINTABLE_ASCII = re.compile(r"[ -~]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")


@dataclass(frozen=True, slots=True)
class Connection:
    """Address, token, pace, timeout and retry budget of a connection.

    The token is not in the repr, and a connection cannot be pickled or copied.

    Attributes:
        api_token: The private app's token.
        api_url: Scheme, host, port and optionally a path prefix; without a slash at the end.
        requests_per_minute: Maximum rate over all threads; 0 for no limit.
        request_timeout_seconds: Maximum time for one request.
        retry_budget_seconds: Maximum time to keep retrying a request after its first failure.
        user_agent: Value of the User-Agent header.
    """

    api_token: str = field(repr=False)
    api_url: str = DEFAULT_URL
    requests_per_minute: int = 200
    request_timeout_seconds: int = 60
    retry_budget_seconds: int = 300
    user_agent: str = DISTRIBUTION

    def __post_init__(self) -> None:
        add_secret(self.api_token)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection contains a secret and cannot be pickled or copied")

    @property
    def host(self) -> str:
        """Name of the host."""
        return urlsplit(self.api_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine."""
        return _is_loopback(self.host)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Connection:
        """Make a connection from settings.

        Args:
            config: Settings by name; those that are not of a connection are ignored.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        given = {name: config[name] for name in CONNECTION_SETTINGS if config.get(name) is not None}
        add_secret(str(given.get("api_token", "")))
        if errors := config_errors({"properties": CONNECTION_SETTINGS}, given):
            raise ConfigurationError("; ".join(errors))
        _check_token(given.get("api_token", ""))
        given["api_url"] = _checked_url(given.get("api_url", DEFAULT_URL))
        agent = given.setdefault("user_agent", f"{DISTRIBUTION}/{metadata.version(DISTRIBUTION)}")
        if not _PRINTABLE_ASCII.fullmatch(agent):
            raise ConfigurationError("user_agent must be one line of plain ASCII, and not empty")
        return cls(**given)


def _check_token(token: str) -> None:
    if not token.strip():
        raise ConfigurationError(
            "api_token is not set: create a private app in Planhat's App Center and set api_token "
            "to its access token"
        )
    if not _VISIBLE_ASCII.fullmatch(token):
        raise ConfigurationError(
            "api_token contains a space, a line break or a character outside ASCII, which a token "
            "never does: copy it again, without anything around it"
        )


def _checked_url(url: str) -> str:
    """Return the URL without a slash at its end; raise a ConfigurationError if it is not valid.

    The message does not repeat the URL, since a password may be part of it.
    """
    if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise ConfigurationError(
            "api_url must be a URL in plain ASCII, without a space, line break or backslash"
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigurationError("api_url is not a URL: set it to https:// and a host") from error
    if parts.username is not None or "@" in parts.netloc or "?" in url or "#" in url:
        raise ConfigurationError(
            "api_url must not contain a user name, a query or a fragment: "
            "the token belongs in api_token"
        )
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise ConfigurationError(f"api_url must be https:// and a host, such as {DEFAULT_URL}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            "api_url is http, which would send the token in the clear: use https "
            "(http is only for a sandbox on this machine)"
        )
    if not _PREFIX.fullmatch(parts.path):
        raise ConfigurationError(
            "api_url has an unusual path: set it to the host alone, or to plain path segments"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
