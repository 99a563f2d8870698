"""target-planhat: writes Singer records back through Planhat's bulk upsert."""
