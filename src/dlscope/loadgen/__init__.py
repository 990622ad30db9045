"""Scenarios: how queries are issued and when a run ends."""
