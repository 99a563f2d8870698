"""The page of the sandbox: tenants, records, requests and faults in a browser."""
