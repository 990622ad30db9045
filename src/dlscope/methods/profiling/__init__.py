"""Across-stack profiling.

*XSP: Across-Stack Profiling and Analysis of Machine Learning Models on GPUs*, C. Li, A. Dakkak,
J. Xiong, W. Wei, L. Xu, W. Hwu, IPDPS 2020. Its two ideas are here: disjoint profilers publish
spans to one timeline and parents are found again (`dlscope.tracing`), and leveled experimentation:
the latency of a level is read from the run in which it is the deepest (`profile.py`). Analyses A1
to A15 are the paper's, A16 to A22 are dlscope's own. On a CPU, library calls are those of oneDNN
and MKL, and kernels are sampled; counters are replaced by work that follows from shapes.
"""
