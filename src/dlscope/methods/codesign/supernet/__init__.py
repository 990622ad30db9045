"""Networks of a space in torch: all of them at once with shared weights, or one by itself.

Imports torch; nothing outside imports this room at the top of a module.
"""
