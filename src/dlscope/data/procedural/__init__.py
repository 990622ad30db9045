"""Data sets that are made from a seed, with nothing to download."""
