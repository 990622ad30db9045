"""Hardware models: what a layer costs on a device that need not be at hand.

A `Device` predicts latency, resources and energy from the shape of a layer, the bits of its
numbers and how many multiply-accumulates it does a cycle; all of it is arithmetic on numbers and
arrays, without clocks or files. Parallelism is the logarithm `pf` of the number of lanes, as in
*EDD: Efficient Differentiable DNN Architecture and Implementation Co-search* (Li et al., DAC
2020), and every cost comes with its slope over `pf`.
"""
