"""An ONNX graph as a TFLite file: one function per operator, behind one dictionary.

TFLite convolves images whose channels come last. A tensor is kept in whatever order of axes it
was made in, and moved only where an operator cannot do with it: `Value` says which order that is.

axes          orders of axes
graph         the tensors and operators of the file
flatfile      the file itself
node          what the rules share
translate     the walk over the ONNX graph
windows       how a kernel slides, in the terms of TFLite
convolution   plain, depthwise, of sound, transposed
pooling       over windows and over the whole image
layers        normalisation, dense layers
activations   functions of one element, and softmax
arithmetic    binary operators, comparisons, reductions
shapes        everything that moves, joins or pads elements without computing
slicing       everything that cuts
resizing      reshaping, where some sizes are known only as the model runs
"""
