"""Networks designed from the bottom up: first the bundle, then the network, then features.

Zhang et al., "SkyNet: a Hardware-Efficient Method for Object Detection and Tracking on Embedded
Systems", MLSys 2020, after Hao et al., DAC 2019. Three stages, each judged on data and on the
device: eighteen bundles are compared in sketches of equal work, the best of each class of resources
go on; particles, each a network, move in groups of one bundle; what was found is tried with a
bypass, bounded activations and images of several sizes.

The paper leaves open how particles move and how many go on: that is ours, and said where it is.
"""
