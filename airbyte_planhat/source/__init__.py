"""The source: reads streams out of Planhat as Airbyte messages."""
