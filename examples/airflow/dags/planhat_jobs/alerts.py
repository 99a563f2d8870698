"""Reports that a shard has finally failed: in the log, and to a webhook if there is one."""

from __future__ import annotations

import json
import logging
import urllib.request
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException

if TYPE_CHECKING:
    from airflow.sdk import Context

WEBHOOK = "planhat_alerts"
"""Id of an Airflow connection: its host is the full https address of the webhook."""


def alert(context: Context) -> None:
    """Report which shard failed and why. An ``on_failure_callback``: after the last try.

    Args:
        context: Airflow's context of the failed task.
    """
    task_instance = context["task_instance"]
    message: dict[str, Any] = {
        "dag": task_instance.dag_id,
        "run": task_instance.run_id,
        "task": task_instance.task_id,
        "shard": getattr(context["task"], "label", None),
        "tries": task_instance.try_number,
        "reason": str(context.get("exception")),
        "log": task_instance.log_url,
    }
    message["text"] = "{task} ({shard}) failed after {tries} tries: {reason}".format(**message)
    logging.getLogger(__name__).error(message["text"])
    try:
        webhook = BaseHook.get_connection(WEBHOOK)
    except AirflowException:
        return
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
        webhook.host or "",
        data=json.dumps(message).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - as above
