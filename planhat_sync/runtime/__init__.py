"""What every program on the library does as a process: settings, output, signals, exit codes."""
