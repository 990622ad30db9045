"""SkyNet A, B and C: a detector of one kind of object, made of one bundle six times.

    image 3 ─ 48 ─ pool ─ 96 ─ pool ─ 192 ─┬ pool ─ 384 ─ 512 ─┬ 96 ─ head of 10
                                           └──── reorder 768 ──┘
    (variant C; each number is a bundle: 3×3 depth-wise and 1×1 convolution, both normalised)

Zhang et al., "SkyNet: a Hardware-Efficient Method for Object Detection and Tracking on Embedded
Systems", MLSys 2020. `layout` counts without any framework; `network` and `reorder` need torch.
"""
