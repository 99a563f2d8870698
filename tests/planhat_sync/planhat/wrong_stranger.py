"""A program of somebody else's with four mistakes, for mypy; it is not run."""

from __future__ import annotations

from planhat_sync import Planhat

planhat = Planhat("token")
planhat.write("issues", [], match_one=["sourceId"])  # wrong
planhat.write("issues", [], nan="zero")  # wrong
planhat.delete("issues", ["17"])  # wrong
numbers: list[int] = list(planhat.read_ids("issues"))  # wrong
