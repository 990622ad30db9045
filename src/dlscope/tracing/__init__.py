"""Spans, the clocks they are taken from, the profilers that see them, and their joining."""
