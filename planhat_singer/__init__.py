"""What both Singer plugins share: the plugin class, the command line, stream maps."""
