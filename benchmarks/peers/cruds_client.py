"""A Planhat of the `cruds` library that talks to another host and does not pace itself."""

from cruds.interfaces.planhat import Planhat
from cruds.interfaces.planhat.logic import PlanhatClient


def planhat(url: str, token: str) -> Planhat:
    """Return the library's own interface; its host and its pause between calls are fixed."""
    interface = Planhat(api_token=token)
    interface.client = PlanhatClient(host=url, auth=token)
    interface._delay = 0  # noqa: SLF001 - the limit of 200 calls a minute cannot be lifted
    return interface
