"""The whole life of a model's cost in one call; `running` carries it out, `telling` tells it."""
