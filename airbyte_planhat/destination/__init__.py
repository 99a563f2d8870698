"""The destination: writes the records of Airbyte messages into Planhat."""
