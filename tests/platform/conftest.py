"""The examples' modules are on the path; some tests run only where their tools are.

Those are ``make test-airflow`` and ``make test-containers``.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
for folder in ("examples/pipe", "examples/airflow/dags"):
    sys.path.insert(0, str(ROOT / folder))

collect_ignore = [] if find_spec("airflow") else ["airflow"]
if not (ROOT / ".venv-containers").exists():
    collect_ignore.append("containers")
