"""Places that execute plans."""
