"""The Airbyte connectors: `source-planhat` and `destination-planhat`."""
