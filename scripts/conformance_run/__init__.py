"""Our samples and pictures against those of other readers, file by file.

Three things speak for the right result: uncompressed twins and other decoders
for the samples, the formulae of PS3.3 written out once more for the pictures,
and DCMTK for both. Nothing here imports ``dcmview.pixels`` to say what is right.
"""
