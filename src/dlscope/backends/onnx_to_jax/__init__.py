"""An ONNX graph as a JAX function: one function per operator, behind one dictionary.

node         what the rules share
translate    the walk over the graph, which JAX traces once per shape of the inputs
convolution  plain, depthwise, pointwise, transposed
pooling      over windows and over the whole image
layers       normalisation, dense layers
activations  functions of one element, and softmax
arithmetic   binary operators, comparisons, reductions
shapes       everything that moves elements without computing
"""
