"""Other ways to search, at as many evaluations, to hold a search against."""
