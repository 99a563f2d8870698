"""The tests in ``airflow/`` run where Airflow is: ``make test-airflow``."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("airflow") else ["airflow"]
