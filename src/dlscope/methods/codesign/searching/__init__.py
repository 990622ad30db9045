"""The search itself: weights and choices trained in turn, designs told apart, the best one trained.

Imports torch where something is trained; nothing outside imports such a module at its top.
"""
