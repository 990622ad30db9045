"""SkyNet: a tiny detector for drones, from its released weights to its contest.

*SkyNet: a Hardware-Efficient Method for Object Detection and Tracking on Embedded Systems*,
X. Zhang, H. Lu, C. Hao, J. Li, B. Cheng, Y. Li, K. Rupnow, J. Xiong, T. Huang, H. Shi, W. Hwu,
D. Chen, MLSys 2020, and *SkyNet: A Champion Model for DAC-SDC on Low Power Object Detection*,
2019. Networks are in `zoo.skynet`. Here are the authors' weights, boxes from the head, the loss,
the scores of the contest, fixed point, four images on one canvas, and stages that overlap. Left
out: the images of the contest, which cannot be given away.
"""
