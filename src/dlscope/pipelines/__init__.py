"""Pre- and post-processing steps, chained and checked before anything runs."""
