"""Files from one transfer syntax to another, proven by decoding them back.

`transcode` takes one file through: `original` reads it, `frames` encodes its frames as `targets`
allow, `dataset` and `attributes` write what stands around them. Decoders are not here but in
`dicom`, runs over many files in `commands`; `archive` is what the page downloads.
"""
