"""An ONNX graph as a TensorFlow function: one function per operator, behind one dictionary.

node         what the rules share
translate    the walk over the graph, which TensorFlow traces once per shape of the inputs
convolution  plain, depthwise, transposed
pooling      over windows and over the whole image
layers       normalisation, dense layers
activations  functions of one element, and softmax
arithmetic   binary operators, comparisons, reductions
shapes       everything that moves elements without computing
"""
