"""tap-planhat: reads issues and objectives out of Planhat as Singer messages."""
