"""Siamese trackers: what an object looked like once, found again in a larger crop.

    template ─ trunk ─ adjust ─ centre ─ kernel ─┐
                                                 ├ depth-wise correlation ─ head   (each branch)
    search   ─ trunk ─ adjust ────────── search ─┘

SiamRPN++ (Li et al., CVPR 2019) has a branch of scores and one of boxes, SiamMask (Wang et al.,
CVPR 2019) one of masks as well. Trunks are SkyNet (Zhang et al., MLSys 2020), the trackers' own
ResNet-50, AlexNet and MobileNetV2. `anchors` and `design` need numpy alone, all others torch.
"""
