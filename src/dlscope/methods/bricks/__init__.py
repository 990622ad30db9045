"""Composable benchmarks.

*DLBricks: Composable Benchmark Generation to Reduce Deep Learning Benchmarking Effort on CPUs*,
C. Li, A. Dakkak, J. Xiong, W. Hwu, ICPE 2020. Models are cut into runnable networks of a few
layers, each unique one is timed once, and the latency of every model is put together again. The
paper's cut and composition are here, windows that overlap beside them. Adapted: bricks have as
many inputs and outputs as their segments, so that branches do not stop a cut; what is cut by
default is the graph that the runtime really executes; and bricks are timed in the order of the
model (`walk.py`), since timed over and over they are faster than they ever are inside a model.
Left out: other runtimes than ONNX Runtime, and the paper's models.
"""
