"""The front doors for Airbyte: `source-planhat` and `destination-planhat`."""
