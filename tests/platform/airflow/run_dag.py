"""Runs the DAG once, as ``dag.test()`` does, and prints what became of each task as one JSON line.

A process of its own: Airflow reads its home and its connections from the environment as it is
imported.
"""

import json
import os
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag

folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
if bag.import_errors:
    sys.exit(f"the DAG cannot be imported: {bag.import_errors}")
run = bag.dags["planhat"].test()
tasks = [
    {
        "task": instance.task_id,
        "label": instance.rendered_map_index or "",
        "state": str(instance.state),
        "tries": instance.try_number,
    }
    for instance in run.get_task_instances()
]
print(json.dumps({"state": str(run.state), "tasks": tasks}))  # noqa: T201 - what the test reads
