"""Composable benchmarks.

*DLBricks: Composable Benchmark Generation to Reduce Deep Learning Benchmarking Effort on CPUs*,
C. Li, A. Dakkak, J. Xiong, W. Hwu, ICPE 2020. Models are cut into runnable networks of a few
layers, each unique one is timed once, and the latency of every model is put together again. The
paper's cut and composition are here; what is cut by default is the graph that the runtime really
executes, and bricks are timed in the order of the model (`walking.py`), since timed over and over
they are faster than they ever are inside a model.
"""
