"""Lower-bound analysis.

*Benanza: Automatic μBenchmark Generation to Compute "Lower-bound" Latency and Inform Optimizations
of Deep Learning Models on GPUs*, C. Li, A. Dakkak, J. Xiong, W. Hwu, IPDPS 2020. The sequential and
the parallel bound are the paper's. Fused bounds, layout-consistent bounds, the roofline floor and
the share that rests on one implementation are dlscope's own; so is the CPU, where the paper has
GPUs.
"""
