"""The fake Planhat: models, tenants, records, and what each route does."""
