"""Co-design: a network and its implementation, searched for together.

*EDD: Efficient Differentiable DNN Architecture and Implementation Co-search for Embedded AI
Solutions*, Y. Li, C. Hao, X. Zhang, X. Liu, Y. Chen, J. Xiong, W. Hwu, D. Chen, DAC 2020, and
*NAIS: Neural Architecture and Implementation Search and its Applications in Autonomous Driving*,
C. Hao et al., ICCAD 2019. What is here so far is the ground that a search stands on: the hardware
models of `dlscope.devices` held against published designs, and the table of the machine at hand.
"""
