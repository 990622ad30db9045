"""Driving scenes with a label for each pixel, in two domains whose difference can be dialled.

A pinhole camera looks along a street that a painter fills with polygons from far to near. Both
domains have the same streets; what differs is how they look. Needs OpenCV.
"""
