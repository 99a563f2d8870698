"""Lists the companies of a tenant, to divide them into shards."""

from __future__ import annotations

import requests

PAGE = 2000


def list_companies(api_url: str, token: str) -> list[str]:
    """Ask Planhat for the ids of its companies.

    The list need not be complete while companies come and go between its pages: a company that is
    not in it is read by the ``rest`` task.

    Args:
        api_url: Where the tenant is: ``https://api.planhat.com``.
        token: API token of the tenant.

    Returns:
        Planhat ids.

    Raises:
        requests.HTTPError: Planhat answered with an error.
    """
    companies: list[str] = []
    while True:
        answer = requests.get(
            f"{api_url.rstrip('/')}/companies",
            params={
                "limit": str(PAGE),
                "offset": str(len(companies)),
                "select": "_id",
                "sort": "_id",
            },
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            allow_redirects=False,
        )
        answer.raise_for_status()
        page = [company["_id"] for company in answer.json()]
        if not page:
            return companies
        companies += page
