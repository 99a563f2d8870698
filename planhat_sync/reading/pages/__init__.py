"""One page of a list: from the body of the response to lines that are ready to be written."""
