"""What a search found, told from its tables: stages, resources, requirements, the whole report."""
