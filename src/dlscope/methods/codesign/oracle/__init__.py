"""Spaces in which the loss of every design is known, so that a search can be held against the best.

Nothing is trained: a loss is a sum of what each operation and each precision adds, and in harder
instances of what pairs of them add.
"""
