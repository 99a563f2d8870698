"""The command line of the target: its help, and the options that the SDK does not have."""

from __future__ import annotations

from typing import Final

import click

HELP = """Write Singer records into Planhat, and print the state once they are there.

The configuration is a JSON file that holds at least {"api_token": "…"}, and "match_on" if records
are not to be matched by `_id` first: ["sourceId"] for a copy of another tenant. With --config=ENV
the settings come from the environment (TARGET_PLANHAT_API_TOKEN and so on). "mappings" say what
the records of other systems become. --about lists all settings.

\b
  What can the token do?
    target-planhat --config config.json --check
  What would a few records become? With "dry_run": true nothing is written:
    target-planhat --config dry-run.json --input sample.singer
  Write, and keep the last state if one was printed:
    tap-... | target-planhat --config config.json > state.jsonl
    tail -n 1 state.jsonl > new && [ -s new ] && mv new state.json
  Show which records were rejected, and why:
    target-planhat --rejects rejects.jsonl
  Write rejects again, once they are corrected:
    target-planhat --config config.json --input rejects.jsonl
"""

OPTIONS: Final = (
    click.Option(
        ["--check"],
        is_flag=True,
        help="Print what the token can read and write, without writing anything.",
    ),
    click.Option(
        ["--rejects"],
        metavar="FILE",
        help="Print the rejects in a file as a table; needs neither a token nor a connection.",
    ),
)
