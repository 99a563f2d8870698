"""What the answer to a bulk upsert says about each of its payloads."""
