"""The fake API: models, tenants, records, and what each route does."""
