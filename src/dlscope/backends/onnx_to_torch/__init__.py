"""An ONNX graph as a PyTorch module: one function per operator, behind one dictionary.

node         what a rule sees of one ONNX node
translate    the walk over the graph
window       how a kernel slides, and its padding
layers       convolution, pooling, normalisation, dense layers
activations  functions of one element, and softmax
arithmetic   binary operators, comparisons, reductions
shapes       everything that moves elements without computing
"""
