"""Frameworks in isolated stacks: one worker file runs there, one backend drives it from here.

worker        the file that runs inside, on any Python from 3.7 on, with nothing of dlscope
frames        what is sent to and fro: JSON and raw tensors
process       the worker process and the conversation with it
layers        an ONNX graph as the plain layers that old frameworks are given
predictor     a model that the worker has opened
remote_tracer ONNX Runtime's profile of a session there
backend       the frameworks that can be driven so, as backends
"""
