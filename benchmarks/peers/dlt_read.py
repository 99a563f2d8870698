"""Extract all issues with dlt's rest_api source: `python dlt_read.py gzip|plain URL TOKEN FOLDER`.

Extraction only: the rows are written as JSON lines inside the folder, gzipped (the default of dlt)
or not; they are not normalised and not loaded.
"""

import os
import sys

import dlt
from dlt.sources.rest_api import rest_api_source


def main(writing: str, url: str, token: str, folder: str) -> None:
    os.environ["DATA_WRITER__DISABLE_COMPRESSION"] = str(writing == "plain")
    source = rest_api_source(
        {
            "client": {
                "base_url": url,
                "auth": {"type": "bearer", "token": token},
                "paginator": {"type": "offset", "limit": 2000, "total_path": None},
            },
            "resources": [
                {
                    "name": "issues",
                    "primary_key": "_id",
                    "endpoint": {"path": "issues", "params": {"sort": "_id"}},
                }
            ],
        }
    )
    pipeline = dlt.pipeline(pipeline_name="bench", pipelines_dir=folder, dataset_name="bench")
    pipeline.extract(source)


if __name__ == "__main__":
    main(*sys.argv[1:])
