"""The file that is transcoded: its elements, its encoding and its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom.decoding import decode_with
from dcmview.dicom.facts import FactsReader
from dcmview.dicom.frames import frame_table
from dcmview.dicom.instance import read_instance
from dcmview.dicom.samples import frame_bits
from dcmview.dicom.sniff import HEAD_BYTES, sniff
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import CannotTranscode, NotDicom, Truncated, Unreadable
from dcmview.transcoding.attributes import Attributes, Loss
from dcmview.transcoding.dataset import Encoding
from dcmview.transcoding.elements import PIXEL_TAGS, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcmview.dicom.decoding import Decoder
    from dcmview.dicom.source import ByteSource, MemorySource, PixelLocation, StampedSource
    from dcmview.model import InstanceHeader, StoredFrame

# These say that frames were found that the file does not declare, or the reverse.
_DOUBTFUL_REPAIRS = frozenset(("frame-count", "excess-pixel-data"))
_JPEG_METHOD = "ISO_10918_1"
_FACTS = FactsReader()


class Original:
    """An opened file.

    Parameters
    ----------
    source : StampedSource
        The file, or the member of an archive.
    path : str
        Where it lies.
    listed : InstanceHeader, optional
        What a scan has read of it: of most files nothing has to be parsed then.

    Raises
    ------
    NotDicom, Unreadable, Truncated
        If it cannot be read to its end.
    """

    def __init__(
        self, source: StampedSource, path: str, listed: InstanceHeader | None = None
    ) -> None:
        found = sniff(source.pread(0, HEAD_BYTES))
        if found is None:
            raise NotDicom("no DICOM data set")
        self.source, self.found = source, found
        inflated: MemorySource | None = None
        self.location: PixelLocation | None
        facts = None if listed is None else _FACTS.read(source, listed)
        if listed is not None and facts is not None:
            self.header, self.layout, self.location = listed, facts.layout, facts.location
        else:
            instance = read_instance(source, path)
            self.header, self.layout = instance.header, instance.layout
            self.location, inflated = instance.pixel_location, instance.inflated
        if self.header.problem:
            raise Unreadable(self.header.problem)
        self.syntax = transfer_syntax(self.header.shared.transfer_syntax_uid)
        self.data: ByteSource = inflated or source
        self._begin = found.dataset_offset if inflated is None else 0
        self.encoding = Encoding(found.explicit, found.little_endian)
        if inflated is not None:
            self.encoding = Encoding()
            if not inflated.is_whole:
                raise Unreadable("the deflated data set ends early, or is too large")

    def walk(self, *, is_deep: bool, knows_unknown: bool = False) -> None:
        """Find the elements, in the way that `Walk` describes.

        Raises
        ------
        CannotTranscode
            If there is pixel data more than once: it is not known which is the image.
        Unreadable, Truncated
            If the elements cannot be followed.
        """
        walk = Walk(
            self.data,
            explicit=self.encoding.explicit,
            little_endian=self.encoding.little_endian,
            is_deep=is_deep,
            knows_unknown=knows_unknown,
        )
        self.elements = walk.dataset(self._begin)
        self.attributes = Attributes(
            self.data, self.elements, little_endian=self.encoding.little_endian
        )
        pixels = [each for each in self.elements if each.tag in PIXEL_TAGS]
        if len(pixels) > 1:
            names = " and ".join(
                f"({each.tag >> 16:04X},{each.tag & 0xFFFF:04X})" for each in pixels
            )
            raise CannotTranscode(f"it has pixel data more than once: {names}")
        self.pixels = pixels[0] if pixels else None
        location = self.location
        if location is not None and (self.pixels is None or self.pixels.value != location.offset):
            raise Unreadable("its header is damaged before the pixel data")

    @property
    def is_compressed(self) -> bool:
        """Whether the pixel data is encapsulated."""
        return self.pixels is not None and self.pixels.is_encapsulated

    @property
    def native_bytes(self) -> int:
        """What its frames take without compression."""
        layout = self.layout
        return -(-frame_bits(layout) * layout.frame_count // 8)

    @property
    def was_lossy(self) -> bool:
        """Whether detail was lost before, as far as the file tells.

        An attribute that denies it is believed, unless the codec always loses.
        """
        said = self.attributes.text(0x00282110)
        return said == b"01" or self._is_jpeg or (self.syntax.lossy and said != b"00")

    def earlier_loss(self) -> Loss | None:
        """Give what JPEG has lost, whether an attribute says so or not."""
        if not self._is_jpeg:
            return None
        assert self.pixels is not None
        stored_bytes = max(self.pixels.end - self.pixels.value, 1)
        return Loss(_JPEG_METHOD, self.native_bytes / stored_bytes)

    @property
    def _is_jpeg(self) -> bool:
        return self.syntax.lossy and self.syntax.codec == "jpeg"

    def frames(self, decoder: Decoder, is_wanted: Callable[[], bool]) -> Iterator[StoredFrame]:
        """Decode frame after frame.

        Raises
        ------
        CannotTranscode
            If it is not certain how many frames there are.
        Truncated
            If a frame is cut short.
        InstanceError
            If one cannot be decoded.
        """
        syntax, data, location, layout = self.syntax, self.data, self.location, self.layout
        assert location is not None
        table = frame_table(data, location, layout, syntax)
        for repair in (*self.header.repairs, *table.repairs):
            if repair.code in _DOUBTFUL_REPAIRS:
                raise CannotTranscode(
                    f"{repair.element} is not what the pixel data holds: {repair.found}"
                    f" against {repair.used}"
                )
        for frame_index in range(table.frame_count):
            content = table.frame_bytes(data, frame_index)
            stored = decode_with(
                decoder,
                content,
                layout,
                syntax,
                little_endian=location.little_endian,
                bit_offset=table.bit_offset(frame_index),
                is_wanted=is_wanted,
            )
            if stored.truncated:
                raise Truncated(f"frame {frame_index} is cut short")
            yield stored
