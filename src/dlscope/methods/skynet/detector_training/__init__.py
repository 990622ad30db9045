"""Training the detector: two recipes on the same images, told apart by nothing else.

`region` is the loss of 2019 with a plain recipe; `iou` learns overlaps, at several positions, and
ranks the positions of an image. `recipes` says what each does, `training` carries one out.
"""
