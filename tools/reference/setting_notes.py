"""What the page of the settings says of single ones beside their definitions, written by hand."""

from __future__ import annotations

from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = {
    "tap-api_url": "https://api-us4.planhat.com",
    "tap-user_agent": "acme-nightly-sync/1.0",
    "tap-streams": ["issues", "companies"],
    "tap-start_date": "2026-01-31T00:00:00Z",
    "tap-company_ids": ["66b0c0de0000010000000001"],
    "target-mappings": [
        {"stream": "tickets", "model": "issues", "set": {"sourceId": "id", "title": "subject"}}
    ],
    "target-match_on": ["sourceId"],
    "target-missing_scope": {"source": "Jira"},
    "target-rejects_path": "rejects.jsonl",
    "target-max_rejects": 100,
    "target-summary_path": "summary.json",
}
"""By the anchor of a setting: a value, where its type does not show how it is written."""

MORE: Final[dict[str, str]] = {
    "tap-api_token": "[Make a token](real-account.md#1-make-a-token)",
    "tap-api_url": "[Find the address](real-account.md#2-find-the-address)",
    "tap-requests_per_minute": "[Pace](reading.md#pace)",
    "tap-streams": "[Which streams](reading.md#which-streams)",
    "tap-start_date": "[Full and incremental](reading.md#full-and-incremental)",
    "tap-company_ids": "[What is read](reading.md#what-is-read)",
    "tap-lookback_seconds": "[Full and incremental](reading.md#full-and-incremental)",
    "tap-company_references": (
        "[Companies that another tenant knows](reading.md#companies-that-another-tenant-knows)"
    ),
    "tap-detect_deletes": "[Deleted records](reading.md#deleted-records)",
    "tap-detect_deletes_hours": "[Deleted records](reading.md#deleted-records)",
    "tap-max_deletes_percent": "[Deleted records](reading.md#deleted-records)",
    "tap-full_read_days": "[Objectives by `updatedAt`](reading.md#objectives-by-updatedat)",
    "tap-discover_custom_fields": "[What is read](reading.md#what-is-read)",
    "tap-emit_activate_version_messages": "[Deleted records](reading.md#deleted-records)",
    "target-mappings": "[Mappings](mappings.md)",
    "target-match_on": "[Matching](writing.md#matching)",
    "target-missing_key": "[Matching](writing.md#matching)",
    "target-write_mode": "[Modes](writing.md#modes)",
    "target-skip_unchanged": "[Modes](writing.md#modes)",
    "target-dry_run": "[Modes](writing.md#modes)",
    "target-deletes": "[Deletes](writing.md#deletes)",
    "target-on_missing": "[Mirror](mirror.md)",
    "target-missing_scope": "[Mirror](mirror.md)",
    "target-max_missing_percent": "[Mirror](mirror.md)",
    "target-source_is_complete": "[Mirror](mirror.md)",
    "target-on_reject": "[Rejects](rejects.md)",
    "target-rejects_path": "[Rejects](rejects.md)",
    "target-max_rejects": "[Rejects](rejects.md)",
    "target-replay_over_newer": "[Rejects](rejects.md#newer_in_planhat)",
    "tap-concurrency": "[Pace](reading.md#pace)",
    "target-concurrency": "[Order](writing.md#order)",
    "target-unknown_properties": "[From record to payload](writing.md#from-record-to-payload)",
    "target-summary_path": "[Summary](writing.md#summary)",
    "target-flattening_separator": "[From record to payload](writing.md#from-record-to-payload)",
}
"""By the anchor of a setting: the section that shows how it is used, as Markdown."""
