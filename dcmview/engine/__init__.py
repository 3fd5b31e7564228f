"""Pictures, samples and tags of single files, through the caches.

`engine.Engine` is what everybody else uses. It is made of `files`, which opens a file and says
where its frames lie, `frames`, which decodes them, and `coarse` and `pictures`, which make
reduced samples and display frames; `short_ways` says which frames need not be decoded whole.
What codecs and windows do is in `dicom` and `pixels`; which files there are, in `registry`.
"""
