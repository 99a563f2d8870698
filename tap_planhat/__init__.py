"""tap-planhat: reads records out of Planhat as Singer messages."""
