"""Scenarios: which sample is asked next, when a run ends, and whether it counts.

This version issues closed loops (`online`, `batched`); the open-loop scenarios of the manifest are
refused at planning.
"""
