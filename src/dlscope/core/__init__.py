"""The nouns: manifest, plan, run, trace, table, report; and what all of them need."""
