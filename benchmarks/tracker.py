"""The issues of the benchmarks as an issue tracker has them, and the mapping that brings them back.

The form is that of Jira's: nested, with rich text, and without a property for each of Planhat's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAPPINGS: Final[list[dict[str, Any]]] = [
    {
        "stream": "issues",
        "model": "issues",
        "when": "fields.customfield_10042",
        "set": {
            "sourceId": "key",
            "source": {"value": "Jira"},
            "title": "fields.summary",
            "description": {"text": "fields.description"},
            "status": "fields.status.name",
            "priority": {
                "from": "fields.priority.name",
                "map": {"High": "P1", "Medium": "P2"},
                "else": "P4",
            },
            "archived": "fields.status.statusCategory.key == 'done'",
            "companyIds": [{"externalId": "fields.customfield_10042"}],
            "custom": {
                "Labels": "fields.labels",
                "Severity score": "fields.customfield_10050",
                "Due": "fields.duedate || fields.resolutiondate",
            },
        },
    }
]
"""Ten expressions, a condition and a constant."""

_CATEGORIES: Final = {"Open": "new", "In Progress": "indeterminate", "Done": "done"}


def tracker_issue(issue: Mapping[str, Any]) -> dict[str, Any]:
    """Return an issue as the tracker has it.

    Args:
        issue: An issue with the properties that can be written.
    """
    status, priority, custom = issue["status"], issue["priority"], issue["custom"]
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        for text in issue["description"].splitlines()
        if text
    ]
    return {
        "key": issue["sourceId"],
        "self": issue["sourceUrl"],
        "fields": {
            "summary": issue["title"],
            "description": {"type": "doc", "version": 1, "content": paragraphs},
            "status": {"name": status, "statusCategory": {"key": _CATEGORIES[status]}},
            "priority": priority and {"name": priority},
            "labels": custom["Components"],
            "duedate": None,
            "resolutiondate": custom["Due"],
            "customfield_10042": issue["companyIds"][0],
            "customfield_10050": custom["Severity score"],
        },
    }
