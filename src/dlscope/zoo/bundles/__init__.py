"""Bundles: a few convolutions in a row, from which a network is stacked from the bottom up.

    image ─ bundle ─ pool ─ bundle ─ pool ─ … ─ bundle ─ head

Eighteen of them, the networks that one of them makes, and sketches: networks of equal work that
compare bundles. SkyNet C is one such network (Zhang et al., "SkyNet: a Hardware-Efficient Method
for Object Detection and Tracking on Embedded Systems", MLSys 2020). `network` needs torch.
"""
