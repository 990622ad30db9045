"""What a leveled experiment shows: each analysis is one small declaration."""
