"""What must hold of a run, by models of their own that are written from the documentation."""
