"""Adaptation: a segmentation network moved to a domain that has no labels.

*Differential Treatment for Stuff and Things: A Simple Unsupervised Domain Adaptation Method for
Semantic Segmentation*, Z. Wang, M. Yu, Y. Wei, R. Feris, J. Xiong, W. Hwu, T. S. Huang, H. Shi,
CVPR 2020 (SIM). Stuff is aligned by one feature an image and class, things by one feature an
instance, always to the nearest feature of the source that is remembered. Left out: the images of
the paper, the weights that its network starts from, and its translation of source images by a
network; a folder of images that are translated already takes its place.
"""
