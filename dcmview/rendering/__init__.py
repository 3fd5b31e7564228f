"""Frames as files for other programs: JSON, pictures with ROIs in them, arrays, TIFF.

`product` gives the bytes of an output from `settings`; a file each for the forms. Which pixels
a frame has is the engine's to say; which files there are and where outputs go, that of `bulk`.
"""
