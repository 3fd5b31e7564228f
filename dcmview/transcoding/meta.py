"""The File Meta Information of what we write.

References
----------
DICOM PS3.10 7.1, DICOM File Meta Information.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from dcmview import __version__
from dcmview.dicom.sniff import PREAMBLE_BYTES, PREFIX
from dcmview.transcoding.dataset import Encoding, NewElement
from dcmview.transcoding.elements import Walk

if TYPE_CHECKING:
    from dcmview.dicom import sniff
    from dcmview.dicom.source import ByteSource

# 2.25 and the UUID made of the name dcmview (PS3.5 B.2).
IMPLEMENTATION_CLASS_UID = "2.25.15370753779305112642823554454689392512"
IMPLEMENTATION_VERSION_NAME = f"DCMVIEW_{__version__}"[:16]

_EXPLICIT_LITTLE = Encoding()
_SOP_CLASS, _SOP_INSTANCE = 0x00020002, 0x00020003


def file_head(
    source: ByteSource,
    found: sniff.Encoding,
    *,
    transfer_syntax_uid: str,
    sop_class_uid: str,
    sop_instance_uid: str,
    is_new_instance: bool,
) -> bytes:
    """Give all before the data set: an empty preamble, prefix and group 0002.

    A preamble may describe the file to other programs by places in it, which
    would be wrong. Elements that say who sent the file stay; who wrote it are we.

    Parameters
    ----------
    source : ByteSource
        The file that is transcoded.
    found : Encoding
        Where its own meta information lies.
    sop_class_uid, sop_instance_uid : str
        Of the data set, for a file without meta information.
    is_new_instance : bool
        Whether the file's own Media Storage SOP Instance UID is replaced.
    """
    elements = _own(source, found)
    if _SOP_CLASS not in elements and sop_class_uid:
        elements[_SOP_CLASS] = _ui(_SOP_CLASS, sop_class_uid)
    if is_new_instance or (_SOP_INSTANCE not in elements and sop_instance_uid):
        elements[_SOP_INSTANCE] = _ui(_SOP_INSTANCE, sop_instance_uid)
    elements[0x00020001] = NewElement(0x00020001, "OB", b"\0\1")
    elements[0x00020010] = _ui(0x00020010, transfer_syntax_uid)
    elements[0x00020012] = _ui(0x00020012, IMPLEMENTATION_CLASS_UID)
    name = IMPLEMENTATION_VERSION_NAME.encode()
    elements[0x00020013] = NewElement(0x00020013, "SH", name + b" " * (len(name) % 2))
    content = b"".join(element.encoded(_EXPLICIT_LITTLE) for _, element in sorted(elements.items()))
    length = NewElement(0x00020000, "UL", struct.pack("<L", len(content)))
    return bytes(PREAMBLE_BYTES) + PREFIX + length.encoded(_EXPLICIT_LITTLE) + content


def _own(source: ByteSource, found: sniff.Encoding) -> dict[int, NewElement]:
    if found.meta_offset is None:
        return {}
    walk = Walk(source, explicit=True, little_endian=True, is_deep=False)
    return {
        element.tag: NewElement(
            element.tag, element.vr, source.pread(element.value, element.end - element.value)
        )
        for element in walk.dataset(found.meta_offset, found.dataset_offset)
        if element.tag >> 16 == 2 and element.tag & 0xFFFF and element.length
    }


def _ui(tag: int, uid: str) -> NewElement:
    return NewElement(tag, "UI", uid.encode("ascii", "replace"))
