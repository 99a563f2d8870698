"""The examples' modules are on the path; some tests run only where their tools are.

Those are ``make test-airflow``, ``make test-airbyte``, ``make test-dlt`` and
``make test-containers``.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
for folder in ("examples/pipe", "examples/airflow/dags"):
    sys.path.insert(0, str(ROOT / folder))

TOOLS = {"airflow": "airflow", "airbyte": "airbyte_cdk", "dlt": "dlt"}
collect_ignore = [folder for folder, module in TOOLS.items() if not find_spec(module)]
if not (ROOT / ".venv-containers").exists():
    collect_ignore.append("containers")
