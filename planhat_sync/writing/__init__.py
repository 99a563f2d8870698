"""Writing: records into Planhat, each with exactly one outcome."""
