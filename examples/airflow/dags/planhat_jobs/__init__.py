"""Planhat copies as Airflow tasks: what is copied, in which shards, and where the state is kept."""
