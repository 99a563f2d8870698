"""What a run counts, keeps on disk, prints and reports."""
