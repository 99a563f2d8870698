"""All facts that reading shows, in the order in which they are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_beliefs.facts.access import ACCESS
from planhat_beliefs.facts.companies import COMPANIES
from planhat_beliefs.facts.days import DAYS
from planhat_beliefs.facts.default_lists import DEFAULT_LISTS
from planhat_beliefs.facts.filters import FILTERS
from planhat_beliefs.facts.forms import FORMS
from planhat_beliefs.facts.order import ORDER
from planhat_beliefs.facts.pages import PAGES
from planhat_beliefs.facts.people import PEOPLE
from planhat_beliefs.facts.properties import PROPERTIES
from planhat_beliefs.facts.records import RECORDS
from planhat_beliefs.facts.selection import SELECTION
from planhat_beliefs.facts.times import TIMES
from planhat_beliefs.question import all_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_beliefs.belief import Belief

BELIEFS: tuple[Belief, ...] = (
    *PAGES,
    *ORDER,
    *SELECTION,
    *FILTERS,
    *DEFAULT_LISTS,
    *COMPANIES,
    *RECORDS,
    *FORMS,
    *PEOPLE,
    *DAYS,
    *TIMES,
    *PROPERTIES,
    *ACCESS,
)


def most_requests(beliefs: Iterable[Belief]) -> int:
    """Return how many questions facts need at most, which are as many requests.

    Args:
        beliefs: The facts.
    """
    return len(all_of(asked for belief in beliefs for asked in belief.needs))
