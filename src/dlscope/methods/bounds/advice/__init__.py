"""The questions that an analysis of bounds answers (Benanza, section III-D), one file each.

Each asks a `Subject` and gives `Advice`: what to change, and what that is predicted to save. Those
that can be carried out by setting up the model in another way name that `Setup`.
"""
