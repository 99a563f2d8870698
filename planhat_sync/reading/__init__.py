"""Reading: one stream of records out of Planhat, in full or what has changed."""
