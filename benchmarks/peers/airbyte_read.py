"""Read all issues with Airbyte's declarative CDK: `python airbyte_read.py URL TOKEN FOLDER`.

Its messages go to stdout, as a platform would read them.
"""

import json
import sys
from pathlib import Path

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "issues",
                "json_schema": {},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}


def main(url: str, token: str, folder: str) -> None:
    Path(folder).mkdir()
    config, catalog = Path(folder, "config.json"), Path(folder, "catalog.json")
    config.write_text(json.dumps({"api_url": url, "api_token": token}))
    catalog.write_text(json.dumps(CATALOG))
    arguments = ["read", "--config", str(config), "--catalog", str(catalog)]
    manifest = Path(__file__).with_name("airbyte_manifest.yaml")
    source = YamlDeclarativeSource(
        path_to_yaml=str(manifest),
        config=json.loads(config.read_text()),
        config_path=str(config),
    )
    launch(source, arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
