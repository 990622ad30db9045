"""Emission: a design as something that runs, and proof that it computes the same integers.

A folded network becomes integers with power-of-two steps (`integer_network`); these run in NumPy,
which is the reference, as quantised ONNX, and as C++ that a hardware compiler takes as well.

The one rule of rounding, used everywhere: half up, ⌊x + 1/2⌋.
"""
