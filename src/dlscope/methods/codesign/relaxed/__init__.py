"""Designs made continuous, so that a gradient can search them: equations (1) to (5) of EDD.

*EDD: Efficient Differentiable DNN Architecture and Implementation Co-search for Embedded AI
Solutions* (Li et al., DAC 2020). Needs torch.
"""
