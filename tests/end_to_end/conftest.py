"""Other people's programs to pipe with."""
