"""What has to follow the pixels: the elements of a data set that describe how they are coded.

Only elements whose value really changes are touched.

References
----------
DICOM PS3.3 C.7.6.3, Image Pixel Module.
DICOM PS3.3 C.7.6.1.1.5, Lossy Image Compression.
DICOM PS3.3 C.7.6.1.1.5.1, Lossy Image Compression Method.
DICOM PS3.3 C.7.6.16.2.2.4, Concatenation.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.dicom.uids import stable_uid, uid_name
from dcmview.transcoding.dataset import Changes, NewElement

if TYPE_CHECKING:
    from dcmview.dicom.source import ByteSource
    from dcmview.transcoding.elements import Element
    from dcmview.transcoding.pixels import PixelResult
    from dcmview.transcoding.targets import EncodeOptions, Target

IMAGE_TYPE, SOP_INSTANCE_UID, SOP_CLASS_UID = 0x00080008, 0x00080018, 0x00080016
DERIVATION_DESCRIPTION, SOURCE_IMAGE_SEQUENCE = 0x00082111, 0x00082112
DERIVATION_CODE_SEQUENCE = 0x00089215
CONCATENATION_UID, CONCATENATION_SOURCE = 0x00209161, 0x00200242
SAMPLES_PER_PIXEL, PLANAR_CONFIGURATION = 0x00280002, 0x00280006
LOSSY, LOSSY_RATIO, LOSSY_METHOD = 0x00282110, 0x00282112, 0x00282114
EXTENDED_OFFSETS, EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_PHOTOMETRIC_INTERPRETATION = 0x00280004
_FUNCTIONAL_GROUPS = 0x52009230
_LONGEST_ST = 1024

_RATIO_WIDTH = 16
"""The ratio is known when the frames are written, and has the longest width of a DS until then."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a lossy compression leaves in the data set; ``ratio`` is 0 until it is known."""

    method: str
    ratio: float = 0.0


class Attributes:
    """Elements of one file and what becomes of them.

    Parameters
    ----------
    source : ByteSource
        What the places of the elements speak of.
    elements : list of Element
        The top level of its data set.
    little_endian : bool
        Its byte order.
    """

    def __init__(self, source: ByteSource, elements: list[Element], *, little_endian: bool) -> None:
        self._source = source
        self._little_endian = little_endian
        self._by_tag = {element.tag: element for element in elements}

    def raw(self, tag: int) -> bytes:
        """Give the value of an element as it lies in the file, empty where there is none."""
        element = self._by_tag.get(tag)
        if element is None or element.length is None:
            return b""
        return self._source.pread(element.value, element.length)

    def text(self, tag: int) -> bytes:
        """Give a value without its padding."""
        return self.raw(tag).strip(b" \0")

    def number(self, tag: int) -> int | None:
        """Give a value of two bytes, None where there is none."""
        value = self.raw(tag)
        if len(value) != 2:
            return None
        return int.from_bytes(value, "little" if self._little_endian else "big")

    def of_pixels(self, result: PixelResult) -> Changes:
        """Give the changes of the Image Pixel Module."""
        changes: Changes = {}
        interpretation = result.photometric_interpretation.encode("ascii")
        if self.text(_PHOTOMETRIC_INTERPRETATION) != interpretation:
            changes[_PHOTOMETRIC_INTERPRETATION] = _text(
                _PHOTOMETRIC_INTERPRETATION, "CS", interpretation
            )
        numbers = {
            PLANAR_CONFIGURATION: result.planar_configuration,
            0x00280100: result.bits_allocated,
            0x00280101: result.bits_stored,
            0x00280102: result.high_bit,
            0x00280103: result.pixel_representation,
        }
        for tag, number in numbers.items():
            if number is None:
                if tag in self._by_tag:
                    changes[tag] = None
            elif self.number(tag) != number:
                changes[tag] = NewElement(tag, "US", struct.pack("<H", number))
        return changes

    def of_earlier_loss(self, loss: Loss) -> Changes:
        """Give what a file has to say of a loss that its own syntax brought, and does not say."""
        if self.text(LOSSY) == b"01":
            return {}
        return _lossy(*self._losses(loss))

    def of_new_loss(
        self,
        loss: Loss,
        target: Target,
        options: EncodeOptions,
        *,
        description: str,
        earlier: Loss | None = None,
        was_lossy: bool = False,
    ) -> Changes:
        """Give the changes of an image that loses detail: it is another instance from now on.

        So is the object that it may be a part of, whose other parts get the same UIDs.

        Parameters
        ----------
        loss : Loss
            Added to what was lost before.
        target, options : Target, EncodeOptions
            What UIDs follow from, see `new_uid`.
        description : str
            What was done, in ASCII.
        earlier : Loss, optional
            What the syntax of the file has lost, whether the file says so or not.
        was_lossy : bool
            Whether detail was lost before.
        """
        methods, ratios = self._losses(earlier)
        methods.append(loss.method.encode())
        ratios.append((b"%.2f" % loss.ratio).ljust(_RATIO_WIDTH))
        changes = _lossy(methods, ratios)
        for tag in (SOP_INSTANCE_UID, CONCATENATION_UID, CONCATENATION_SOURCE):
            if tag == SOP_INSTANCE_UID or self.text(tag):
                changes[tag] = _text(tag, "UI", self.new_uid(target, options, tag).encode())
        before = self.text(DERIVATION_DESCRIPTION)
        words = before + b"; " + description.encode() if before else description.encode()
        if len(words) > _LONGEST_ST:
            words = description.encode()
        changes[DERIVATION_DESCRIPTION] = _text(DERIVATION_DESCRIPTION, "ST", words)
        # Enhanced objects have type and derivation for each frame, with which the top agrees.
        kind = uid_name(self.text(SOP_CLASS_UID).decode("latin-1"))
        if _FUNCTIONAL_GROUPS not in self._by_tag and "Enhanced" not in kind:
            changes.update(self._derivation(was_lossy=was_lossy))
        return changes

    def new_uid(self, target: Target, options: EncodeOptions, tag: int = SOP_INSTANCE_UID) -> str:
        """Give the UID that one becomes by these settings, the same each time (PS3.5 B.2)."""
        old = self.text(tag)
        if not old:
            old = hashlib.sha256(self._source.pread(0, 1 << 20)).hexdigest().encode()
        given = (options.quality, options.ratio, options.near)
        settings = ["" if each is None else str(float(each)) for each in given]
        return stable_uid("transcode", old.decode("latin-1"), target.syntax.uid, *settings)

    def _losses(self, own: Loss | None) -> tuple[list[bytes], list[bytes]]:
        """Methods and ratios so far; those of one place belong together, so there are as many.

        The last one is that of the syntax of the file, if that always loses.
        """
        methods, ratios = (
            text.split(b"\\") if (text := self.text(tag)) else []
            for tag in (LOSSY_METHOD, LOSSY_RATIO)
        )
        count = max(len(methods), len(ratios), own is not None)
        methods = [b""] * (count - len(methods)) + methods
        ratios = [b""] * (count - len(ratios)) + ratios
        if own is not None:
            methods[-1] = methods[-1] or own.method.encode()
            ratios[-1] = ratios[-1] or b"%.2f" % own.ratio
        return methods, ratios

    def _derivation(self, *, was_lossy: bool) -> Changes:
        kinds = self.text(IMAGE_TYPE).split(b"\\")
        kinds = [b"DERIVED", *(kinds[1:] or [b"SECONDARY"])]
        predecessor = (
            _text(0x00081150, "UI", self.text(SOP_CLASS_UID)),
            _text(0x00081155, "UI", self.text(SOP_INSTANCE_UID)),
            NewElement(
                0x0040A170,
                "SQ",
                items=(_LOSSY_PREDECESSOR if was_lossy else _UNCOMPRESSED_PREDECESSOR,),
            ),
        )
        made_by = _code(b"113040", b"Lossy Compression")
        return {
            IMAGE_TYPE: _text(IMAGE_TYPE, "CS", b"\\".join(kinds)),
            SOURCE_IMAGE_SEQUENCE: NewElement(
                SOURCE_IMAGE_SEQUENCE, "SQ", items=(predecessor,), is_appended=True
            ),
            DERIVATION_CODE_SEQUENCE: NewElement(
                DERIVATION_CODE_SEQUENCE, "SQ", items=(made_by,), is_appended=True
            ),
        }


def _lossy(methods: list[bytes], ratios: list[bytes]) -> Changes:
    return {
        LOSSY: _text(LOSSY, "CS", b"01"),
        LOSSY_RATIO: _text(LOSSY_RATIO, "DS", b"\\".join(ratios)),
        LOSSY_METHOD: _text(LOSSY_METHOD, "CS", b"\\".join(methods)),
    }


def offset_tables(offsets: list[int], lengths: list[int]) -> Changes:
    """Give the extended tables; zeros of their lengths until they are known (PS3.5 A.4)."""
    return {
        tag: NewElement(tag, "OV", struct.pack(f"<{len(values)}Q", *values))
        for tag, values in ((EXTENDED_OFFSETS, offsets), (EXTENDED_LENGTHS, lengths))
    }


def _code(value: bytes, meaning: bytes) -> tuple[NewElement, ...]:
    return (
        _text(0x00080100, "SH", value),
        _text(0x00080102, "SH", b"DCM"),
        _text(0x00080104, "LO", meaning),
    )


def _text(tag: int, vr: str, value: bytes) -> NewElement:
    pad = b"\0" if vr == "UI" else b" "
    return NewElement(tag, vr, value + pad * (len(value) % 2))


# PS3.16 CID 7202, Source Image Purposes of Reference.
_UNCOMPRESSED_PREDECESSOR = _code(b"121320", b"Uncompressed predecessor")
_LOSSY_PREDECESSOR = _code(b"121330", b"Lossy compressed predecessor")
