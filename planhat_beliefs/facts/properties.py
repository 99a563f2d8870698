"""Which properties records have, and of which types, beside the files of the models."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jsonschema_rs

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import EMPTY, sample
from planhat_beliefs.facts.selection import ISSUE, OBJECTIVE
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import Question
from planhat_sync.models import load_models

if TYPE_CHECKING:
    from planhat_beliefs.question import FollowUp, Reply
    from planhat_sync.model import Model

VERSION = "__v"
"""What MongoDB's libraries count changes in; no file has it."""


@cache
def _models() -> dict[str, Model]:
    return load_models()


def _no_others(fact: str, model: str, single: FollowUp) -> Belief:
    def check(found: Reply) -> Finding:
        others = found.record.keys() - _models()[model].properties.keys() - {VERSION}
        return either(not others, f"{len(others)} of {len(found.record)} are others")

    return Belief(
        fact,
        "",
        f"the properties of {model} are those that we know",
        (single,),
        check,
    )


def _fits(model: Model) -> Belief:
    names = [name for name in model.properties if name != "_id"]
    listed = sample(model.path, *names)
    listed = Question(listed.path, (*listed.query, *model.lists[0].items()))

    @cache
    def validator() -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for(model.record_schema, validate_formats=True)

    def check(listed: Reply) -> Finding:
        if not listed.rows:
            return could_not_tell(EMPTY)
        # The first part of an error's path is a property that the file names: `properties` is all
        # that the schema says about the names of a record.
        odd = sorted(
            {
                str(error.instance_path[0]) if error.instance_path else "_id"
                for row in listed.rows
                for error in validator().iter_errors(row)
            }
        )
        return not_held(f"other types: {', '.join(odd)}") if odd else held()

    return Belief(
        "model-types",
        model.path,
        "values are of the types that the model's file declares",
        (listed,),
        check,
    )


PROPERTIES = (
    _no_others("issue-properties", "issues", ISSUE),
    _no_others("objective-properties", "objectives", OBJECTIVE),
    *(_fits(model) for model in _models().values() if model.is_read),
)
