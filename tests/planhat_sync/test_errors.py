"""The module's docstring draws the tree of errors, and each belongs to one group."""

from __future__ import annotations

import inspect

import pytest

from planhat_sync import errors
from planhat_sync.api.http.exchange import Answer, Request
from planhat_sync.api.http.status_errors import described

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, BaseException)
]
GROUPS = (errors.RetryError, errors.RequestError, errors.StopError, errors.Interrupted)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_is_drawn_in_the_tree_one_step_below_its_parent(error):
    lines = [line for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")]
    depth = {name(line): at(line) for line in lines}
    assert error.__name__ in depth
    if error is not errors.PlanhatError:
        assert depth[error.__name__] == depth[error.__mro__[1].__name__] + 4


def name(line: str) -> str:
    return next(word for word in line.split() if word[0].isalpha())


def at(line: str) -> int:
    return line.index(name(line))


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_belongs_to_one_group(error):
    if error is not errors.PlanhatError:
        assert sum(issubclass(error, group) for group in GROUPS) == 1


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_an_error_has_the_details_of_its_request(error):
    answer = Answer(500, {"x-request-id": "r"}, b"")
    made = described(error("why"), Request("PUT", "/issues"), answer)
    assert str(made) == "why"
    assert (made.status, made.method, made.path, made.request_id) == (500, "PUT", "/issues", "r")
