"""A program that forks between two requests: `python forking.py URL`."""

from __future__ import annotations

import os
import sys

from planhat_sync import Planhat

planhat = Planhat("token-a", api_url=sys.argv[1], requests_per_minute=0)
planhat.get("companies", "a" * 24)
child = os.fork()
if child:
    os.waitpid(child, 0)
planhat.get("companies", "b" * 24)
