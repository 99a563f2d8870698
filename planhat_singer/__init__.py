"""What both Singer plugins share: the command line, stream maps and their errors."""
