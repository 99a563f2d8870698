"""A page of a list, from the body of the answer to lines that are ready to be printed."""
