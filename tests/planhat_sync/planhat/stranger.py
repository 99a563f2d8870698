"""A program of somebody else's, for mypy; it is not run."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any

from planhat_sync import (
    AuthenticationError,
    Planhat,
    PlanhatError,
    RejectedRow,
    Result,
    TooManyRejectsError,
    WriteInterrupted,
    WriteOptions,
)

log = logging.getLogger(__name__).info
refused: list[RejectedRow] = []


def show(so_far: Result) -> None:
    log(so_far.created + so_far.updated)


options: WriteOptions = {"match_on": ["sourceId"], "nan": "absent", "on_progress": show}

with Planhat("token", api_url="https://api.planhat.com", concurrency=2) as planhat:
    reading = planhat.read("issues", changed_since=datetime.now(timezone.utc), properties=["title"])
    titles: list[Any] = [record["title"] for record in reading]
    since: datetime | None = reading.next_changed_since
    ids: set[str] = set(planhat.read_ids("issues"))
    company: dict[str, Any] | None = planhat.get("companies", "17", by="externalId")
    labels: list[str] = sorted(planhat.custom_fields("issues"))
    key: str | None = planhat.models["issues"].replication_key
    try:
        result = planhat.write("issues", ({"sourceId": str(n)} for n in range(3)), **options)
        reasons: dict[str, int] = dict(result.reasons)
        codes: list[str] = [reject.code for reject in result.rejects]
        deleted: int = planhat.delete(
            "issues", [{"sourceId": "1"}], on_rejected=refused.append
        ).deleted
    except TooManyRejectsError as error:
        log(error.result.rejected)
    except AuthenticationError as error:
        log(error.status)
    except PlanhatError as error:
        log(error.request_id)
    except WriteInterrupted as interrupt:
        log(interrupt.result.undecided)
