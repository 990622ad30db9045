"""SkyNet as the trunk of a Siamese tracker: followed, trained, and scored as GOT-10k does.

From section 7 of *SkyNet: a Hardware-Efficient Method for Object Detection and Tracking on
Embedded Systems*, MLSys 2020, which exchanges the ResNet-50 of SiamRPN++ and of SiamMask for
SkyNet. Networks are in `zoo.siamese`, sequences are drawn or in the layout of GOT-10k. Adapted: a
narrow tracker that a processor trains in minutes. Left out: the 10 000 videos of GOT-10k.
"""
