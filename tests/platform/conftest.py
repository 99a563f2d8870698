"""Some tests run only where their tools are: ``make test-airflow``, ``make test-containers``."""

from importlib.util import find_spec
from pathlib import Path

collect_ignore = [] if find_spec("airflow") else ["airflow"]
if not (Path(__file__).parents[2] / ".venv-containers").exists():
    collect_ignore.append("containers")
