"""What both plugins show a person: how a run ends, its last line and its exit code."""
