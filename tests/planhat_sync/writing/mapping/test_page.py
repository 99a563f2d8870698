"""The examples in the tables of docs/mappings.md are what happens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from checkout import ROOT

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.exact_json import decode, encode
from planhat_sync.writing.records.payload import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs/mappings.md"
HEAD = "| entry | record | sent |"


def examples() -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row of a table of examples."""
    lines = iter(PAGE.read_text("utf-8").splitlines())
    for line in lines:
        if line == HEAD:
            next(lines)
            while (row := next(lines)).startswith("|"):
                cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
                yield tuple(_text_of(cell) for cell in cells)


def _text_of(cell: str) -> str:
    fence = re.match("`*", cell)
    marks = len(fence[0]) if fence else 0
    return (cell[marks:-marks] if marks else cell).replace("\\|", "|")


EXAMPLES = list(examples())


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 40


@pytest.mark.parametrize(("entry", "record", "sent"), EXAMPLES)
def test_an_example(entry, record, sent) -> None:
    # A company reference is refused elsewhere, and every other entry can be a custom field.
    is_company = "externalId" in entry
    value = decode(entry.encode())
    entries = {"companyIds": value} if is_company else {"custom": {"A": value}}
    mapping = {"stream": "x", "model": "issues", "set": entries}
    if sent.startswith("an error at the start"):
        with pytest.raises(ConfigurationError):
            Mappings.from_config([mapping], load_models(), missing_key="create")
        return
    found = Mappings.from_config([mapping], load_models(), missing_key="create").of("x")
    assert found is not None
    made = found.apply(decode(record.encode()))
    if sent == "a reject":
        assert isinstance(made, Reject)
    elif sent == "absent":
        assert made == {}
    else:
        result = made["companyIds"] if is_company else made["custom"]["A"]
        assert encode(result) == encode(decode(sent.encode()))


def test_the_mapping_in_yaml_is_the_one_in_json() -> None:
    page = PAGE.read_text("utf-8")
    in_json = json.loads(page.split('```json title="target.json"\n')[1].split("```")[0])
    in_yaml = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    assert in_yaml["mappings"] == in_json["mappings"]
