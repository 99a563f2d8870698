"""Planhat → files, one for each stream."""

from __future__ import annotations

import json

from strangers import program


def test_target_jsonl_writes_every_record_to_the_file_of_its_stream(
    tenants, pipe, written, connection, tmp_path
):
    pipe(
        [program("tap-planhat"), "--config", written("tap", **connection("token-a"))],
        [
            program("target-jsonl", "jsonl-loader"),
            *(
                "--config",
                written("loader", destination_path=str(tmp_path), do_timestamp_file=False),
            ),
        ],
    )
    for model in ("issues", "objectives"):
        lines = (tmp_path / f"{model}.jsonl").read_text("utf-8").splitlines()
        received = {record["_id"]: record for record in map(json.loads, lines)}
        stored = {record["_id"]: record for record in tenants.tenant("token-a").records(model)}
        assert len(lines) == len(received)
        for record in stored.values():
            del record["__v"]
        assert received == stored
