"""planhat-beliefs: asks a tenant which facts about the API hold there; it only reads."""
