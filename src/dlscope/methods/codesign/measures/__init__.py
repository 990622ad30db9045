"""How good a search was: how far from the best, how much of the front, how well it ranks."""
