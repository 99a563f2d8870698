"""The modules of the four packages in reading order, each in the words of its own docstring."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

GROUPS: dict[str, dict[str, str]] = {
    "planhat_api": {
        "one exchange": "exchange paths bodies utf8 deadline wire failures errors redaction",
        "asking until there is an answer": (
            "connection clock pacing retry attempts refusals transport"
        ),
        "what Planhat offers": "model catalogue custom_fields client replies",
        "reading all of it": "full_walk place ahead reading",
        "what an answer to a bulk upsert means": "envelope entries outcomes",
    },
    "planhat_console": {
        "how a process begins and ends": (
            "stdout answers allocation collector exits last_words curtain"
        ),
        "what it is given": (
            "command_line files environment setting_values settings stream_maps log_settings"
        ),
        "what it shows": "progress style plural map_failures",
    },
    "tap_planhat": {
        "the plugin": "tap settings stopping writer",
        "what it is given": "state_file catalogs replication selection",
        "a stream": "stream extraction companies incremental_walk moments instants memory",
        "a page": "source chunks shape page",
    },
    "target_planhat": {
        "the plugin": "target config check conduct signals reader run",
        "from the line to the payload": (
            "lines messages unknown_messages batch_files decoding intake stream_maps sink "
            "projection coercion deletion custom_columns unknown_properties lookalikes sendable "
            "explanation compiled field_types keyables payload"
        ),
        "from the payload to the batch": "identity order batch batches",
        "what Planhat holds already": (
            "destination index compact_map listing lookup held fingerprint verdicts rehearsal"
        ),
        "from the batch to its outcomes": "fleet flights writer written delivery halving",
        "the books": (
            "ledger rejections rejects schema_lines singer_files replay output_files watermark "
            "output summary"
        ),
    },
}


def map_of(package: str) -> str:
    """Every module of a package, under the headings of its groups.

    Args:
        package: Name of the package.
    """
    files = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__", "__main__"}
    placed = [name for names in GROUPS[package].values() for name in names.split()]
    if sorted(placed) != sorted(files):
        sys.exit(
            "tools/reference/modules.py has to name each module once: look at "
            + ", ".join(sorted(files.symmetric_difference(placed)))
        )
    lines = ["| | module | what it owns |", "|---|---|---|"]
    for group, names in GROUPS[package].items():
        for at, name in enumerate(names.split()):
            lines.append(f"| {'' if at else group} | `{name}` | {_first_line(package, name)} |")
    return "\n".join(lines)


def _first_line(package: str, name: str) -> str:
    text = (ROOT / package / f"{name}.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return docstring.split("\n", 1)[0].replace("``", "`").replace("|", "\\|")
