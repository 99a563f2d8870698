"""The script and the mapping of docs/recipes/csv.md: what the page does not show."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pages import parse
from strangers import ROOT

from planhat_sandbox import Sandbox, seed_tenant

PAGE = ROOT / "docs" / "recipes" / "csv.md"
HEADER = "Customer No;Objective No;Objective;Health;Next review;At risk\r\n"


@pytest.fixture(scope="module")
def files():
    """The files of the page, by their names."""
    page = parse(PAGE.name, PAGE.read_text("utf-8"))
    return {block.file: block.body for block in page.blocks if block.file}


@pytest.fixture
def convert(files, tmp_path):
    """Run the page's script on a file of these bytes."""
    (tmp_path / "csv_to_singer.py").write_text(files["csv_to_singer.py"], "utf-8")

    def run(content):
        (tmp_path / "in.csv").write_bytes(content)
        return subprocess.run(
            [sys.executable, "csv_to_singer.py", "in.csv", "scores"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_text_with_quotes_line_breaks_and_umlauts_is_one_cell(convert):
    row = 'acme-1;17;"Größe; ""neu""\r\nzwei";7,5;;\r\n'
    done = convert(b"\xef\xbb\xbf" + (HEADER + row).encode())
    assert done.returncode == 0, done.stderr
    (record,) = (json.loads(line)["record"] for line in done.stdout.splitlines()[1:])
    assert record == {
        "Customer No": "acme-1",
        "Objective No": "17",
        "Objective": 'Größe; "neu"\r\nzwei',
        "Health": "7.5",
        "Next review": None,
        "At risk": None,
    }


@pytest.mark.parametrize("row", ["acme-1;17;SSO;7,5;\r\n", "acme-1;17;SSO;7,5;;;\r\n"])
def test_a_row_with_too_few_or_too_many_cells_stops_the_script(convert, row):
    done = convert((HEADER + "acme-1;16;SSO;1;;\r\n" + row).encode())
    assert (done.returncode, done.stderr) == (
        1,
        "in.csv, line 3: too many or too few cells\n",
    )


@pytest.mark.parametrize("nulls", ["omit", "send"])
def test_an_empty_text_as_tap_csv_gives_it_is_a_null_if_the_mapping_says_so(files, target, nulls):
    """As the page says: tap-csv has no nulls, and `Health || null` makes one of an empty text."""
    cells = ("acme-1", "17", "Adopt SSO", "", "", "")
    record = dict(zip(HEADER.strip().split(";"), cells, strict=True))
    lines = [
        {"type": "SCHEMA", "stream": "scores", "key_properties": [], "schema": {}},
        {"type": "RECORD", "stream": "scores", "record": record},
    ]
    with Sandbox({"token-a": "crm"}) as crm:
        tenant = crm.tenant("token-a")
        seed_tenant(tenant, issues=0, objectives=0)
        company = tenant.records("companies")[0]
        held = {"name": "Adopt SSO", "health": 7, "externalId": "17", "companyId": company["_id"]}
        tenant.insert("objectives", held)
        config = json.loads(files["target.json"]) | {"api_url": crm.url}
        (mapping,) = config["mappings"]
        mapping["nulls"] = nulls
        mapping["set"]["health"] = "Health || `null`"
        done = target(config=config, stdin="\n".join(map(json.dumps, lines)))
        assert done.code == 0, done.stderr
        (objective,) = tenant.records("objectives")
        assert objective["health"] == (7 if nulls == "omit" else None)
