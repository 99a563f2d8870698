"""Tenants in memory: those of the sandbox, and a second, small, independent Planhat."""
