"""An ONNX graph as a PyTorch module: one function per operator, behind one dictionary.

node         what the rules share
translate    the walk over the graph
origin       which node of the file a call was made for
padding      pads in PyTorch's order
layers       convolution, pooling, normalisation, dense layers
activations  functions of one element, and softmax
arithmetic   binary operators, comparisons, reductions
shapes       everything that moves elements without computing
"""
