"""Spans and the clocks they are taken from."""
