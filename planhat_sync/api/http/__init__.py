"""One request and its answer: pacing, retries, deadlines, and errors in plain words."""
