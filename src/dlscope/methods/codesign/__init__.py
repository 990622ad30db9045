"""Co-design: a network and its implementation, searched for together.

*EDD: Efficient Differentiable DNN Architecture and Implementation Co-search for Embedded AI
Solutions*, Y. Li, C. Hao, X. Zhang, X. Liu, Y. Chen, J. Xiong, W. Hwu, D. Chen, DAC 2020, and
*NAIS: Neural Architecture and Implementation Search and its Applications in Autonomous Driving*,
C. Hao et al., ICCAD 2019. EDD's authors published no code; all of it is written from the equations.
Here are spaces, the relaxed search and one that finishes by ranking, training, emission as ONNX
and C++, requirements, several targets and tasks. Adapted: operations of one type share weights in
the supernet. Left out: ImageNet and the boards of the papers.
"""
