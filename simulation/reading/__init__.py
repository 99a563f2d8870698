"""What the profiles of readers share: records, changes, chains of runs, and what watches them."""
