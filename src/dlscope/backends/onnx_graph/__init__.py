"""What reading an ONNX graph takes whatever framework it is translated to.

node       what a rule sees of one ONNX node
program    the graph without what depends on no input, and the operators it needs
constants  nodes computed by ONNX's own reference
trace      the walk over a graph whose sizes are known
window     how a kernel slides
pads       what lies around an image whose size is known
rules      operators read once, over functions that each framework brings
movement   the same for operators that move elements without computing
"""
