"""One folder for each family of papers."""
