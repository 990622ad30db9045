"""Network graphs: reading them, building them, the files their weights come in."""
