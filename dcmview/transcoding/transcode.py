"""One file into another transfer syntax, frame by frame."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct, structs

from dcmview.dicom.decoding import always_wanted
from dcmview.dicom.members import HeldSource
from dcmview.errors import CannotTranscode
from dcmview.model import FileStamp
from dcmview.registry.opening import open_entry
from dcmview.registry.scan import MEDIA_STORAGE_DIRECTORY
from dcmview.transcoding.attributes import EXTENDED_LENGTHS, EXTENDED_OFFSETS, Loss
from dcmview.transcoding.dataset import DatasetCopy, Encoding
from dcmview.transcoding.embedded import overlays_moved
from dcmview.transcoding.frame_queue import EncodedFrames
from dcmview.transcoding.frames import FrameEncoder
from dcmview.transcoding.icons import MOST_ICON_BYTES, compressed_icons, native_icons
from dcmview.transcoding.meta import file_head
from dcmview.transcoding.native import copied_pixels, prove_copy, write_cells
from dcmview.transcoding.original import Original
from dcmview.transcoding.targets import EncodeOptions, find_target
from dcmview.transcoding.writing import Deflating, Fragments, OffsetTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dcmview.dicom.decoding import Decoder
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.dataset import Changes
    from dcmview.transcoding.targets import Target
    from dcmview.transcoding.writing import Sink


class TranscodeReport(Struct, frozen=True):
    """What became of a file.

    ``native_bytes`` and ``encoded_bytes`` are those of all frames. The errors are
    in stored values, 0 where nothing was lost; None without frames or proof.
    """

    source_syntax: str
    target_syntax: str
    sop_instance_uid: str
    frame_count: int = 0
    native_bytes: int = 0
    encoded_bytes: int = 0
    max_error: float | None = None
    mean_error: float | None = None


def transcode_entry(
    entry: Entry,
    target: Target,
    options: EncodeOptions,
    out: BinaryIO,
    *,
    decoder: Decoder,
    offset_table: OffsetTable = OffsetTable.AUTO,
    is_wanted: Callable[[], bool] = always_wanted,
    threads: int = 1,
) -> TranscodeReport:
    """Write a listed file in another transfer syntax; few frames of it are in memory at a time.

    Everything but the pixel data and what describes its coding stays as it was.

    Parameters
    ----------
    entry : Entry
        The file, or the member of an archive.
    target : Target
        The syntax.
    options : EncodeOptions
        How to compress.
    out : BinaryIO
        Empty, for writing and reading; where an error is raised, what is in it is of no use.
    decoder : Decoder
        Decodes what it is compressed with now.
    offset_table : OffsetTable
        Of a file with compressed frames.
    is_wanted : callable
        Asked between frames.
    threads : int
        How many frames are compressed and proven at the same time.

    Raises
    ------
    FileGone, FileChanged
        If it is not the file that was listed.
    CannotTranscode
        If the target cannot hold it as it is.
    InstanceError
        If it cannot be read or decoded.
    RequestError
        If the options mean nothing to the target.
    CancelledError
        If nobody wanted it any more.

    References
    ----------
    DICOM PS3.5 8.2, Native or Encapsulated Format Encoding.
    """
    options = target.check(options)
    with open_entry(entry) as source:
        original = Original(source, entry.path, entry.header)
        work = _Work(
            original,
            target,
            options,
            decoder,
            is_wanted,
            offset_table=offset_table,
            threads=threads,
        )
        return work.carry_out(out)


class _Work:
    def __init__(
        self,
        original: Original,
        target: Target,
        options: EncodeOptions,
        decoder: Decoder,
        is_wanted: Callable[[], bool],
        *,
        offset_table: OffsetTable = OffsetTable.AUTO,
        threads: int = 1,
    ) -> None:
        self._original, self._target, self._options = original, target, options
        self._decoder, self._is_wanted = decoder, is_wanted
        self._offset_table, self._threads = offset_table, threads
        self._to = Encoding(target.syntax.explicit, target.syntax.little_endian)
        self._loses = not target.lossless
        original.walk(
            # What is added to a sequence has to be put behind the items that it has.
            is_deep=self._to != original.encoding or self._loses,
            # UN is in little endian everywhere, which few programs know in big endian.
            knows_unknown=not self._to.little_endian,
        )
        icons = compressed_icons(original.elements) if original.syntax.encapsulated else []
        self._icons = icons
        self._copy = DatasetCopy(
            original.data, original.elements, original.encoding, self._to, icons
        )
        self._is_image = original.location is not None
        if original.header.shared.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
            raise CannotTranscode("a DICOMDIR holds places in itself, which would be wrong")
        if not self._is_image and target.syntax.encapsulated:
            raise CannotTranscode("it is no image, so only uncompressed syntaxes can hold it")
        header = original.header
        self._uid = header.sop_instance_uid
        self._changed: Changes = {}
        if self._loses:
            self._uid = original.attributes.new_uid(target, options)

    def carry_out(self, out: BinaryIO) -> TranscodeReport:
        original, syntax = self._original, self._target.syntax
        for icons in self._icons:
            self._changed[icons.tag] = native_icons(
                original.data,
                icons,
                original.syntax.uid,
                lambda content: _decompressed(content, self._decoder, self._is_wanted),
            )
        header = original.header
        out.write(
            file_head(
                original.source,
                original.found,
                transfer_syntax_uid=syntax.uid,
                sop_class_uid=header.shared.sop_class_uid,
                sop_instance_uid=self._uid,
                is_new_instance=self._loses,
            )
        )
        if syntax.encapsulated:
            return self._write_fragments(out)
        begin = out.tell()
        sink = Deflating(out) if syntax.deflated else out
        if self._is_image and original.is_compressed:
            report = self._write_cells(sink)
        else:
            report = self._write_copy(sink)
        if isinstance(sink, Deflating):
            sink.end()
        if self._options.prove and not original.is_compressed:
            prove_copy(original, out, begin, syntax)
        return report

    def _write_copy(self, sink: Sink) -> TranscodeReport:
        """Without a codec on either side no frame is decoded, so nothing in a cell is lost."""
        original = self._original
        _write(sink, self._copy.head(self._changed))
        if original.pixels is not None:
            _write(sink, copied_pixels(original, self._copy, self._to))
        _write(sink, self._copy.tail())
        report = self._report()
        if not self._is_image:
            return report
        size = original.native_bytes
        return structs.replace(
            report,
            frame_count=original.layout.frame_count,
            native_bytes=size,
            encoded_bytes=size,
            max_error=0.0 if self._options.prove else None,
            mean_error=0.0 if self._options.prove else None,
        )

    def _write_cells(self, sink: Sink) -> TranscodeReport:
        """Write what was compressed without a codec."""
        frames = self._encoded()
        encoder = frames.encoder
        changes = self._changes(encoder)
        loss = self._original.earlier_loss()
        if loss is not None:
            changes.update(self._original.attributes.of_earlier_loss(loss))
        _write(sink, self._copy.head(changes))
        size = encoder.native_bytes
        write_cells(sink, self._to, encoder.result.bits_allocated, size, frames)
        _write(sink, self._copy.tail())
        return self._report_of(frames, size)

    def _write_fragments(self, out: BinaryIO) -> TranscodeReport:
        """Write compressed frames; what is known when they are there is written last."""
        frames = self._encoded()
        encoder = frames.encoder
        frame_count = self._original.layout.frame_count
        fragments = Fragments(self._offset_table, frame_count, encoder.native_bytes)
        begin = out.tell()
        head = self._compressed_head(encoder, fragments, ratio=0.0)
        out.write(head)
        fragments.begin(out)
        for content in frames:
            fragments.add(out, content)
        fragments.end(out)
        _write(out, self._copy.tail())
        end = out.tell()
        ratio = encoder.native_bytes / max(fragments.encoded_bytes, 1)
        out.seek(begin)
        final_head = self._compressed_head(encoder, fragments, ratio=ratio)
        assert len(final_head) == len(head)
        out.write(final_head)
        out.seek(end)
        return self._report_of(frames, fragments.encoded_bytes)

    def _compressed_head(
        self, encoder: FrameEncoder, fragments: Fragments, *, ratio: float
    ) -> bytes:
        attributes = self._original.attributes
        changes = {**self._changes(encoder), **fragments.tables()}
        earlier = self._original.earlier_loss()
        if encoder.result.is_lossy_now:
            changes.update(
                attributes.of_new_loss(
                    Loss(encoder.result.method, ratio),
                    self._target,
                    self._options,
                    description=_description(self._target, self._options),
                    earlier=earlier,
                    was_lossy=self._original.was_lossy,
                )
            )
        elif earlier is not None:
            changes.update(attributes.of_earlier_loss(earlier))
        return b"".join(self._copy.head(changes))

    def _changes(self, encoder: FrameEncoder) -> Changes:
        changes = {**self._original.attributes.of_pixels(encoder.result), **self._changed}
        # Offset tables of the old pixel data; they are no part of another.
        changes.setdefault(EXTENDED_OFFSETS, None)
        changes.setdefault(EXTENDED_LENGTHS, None)
        return changes

    def _encoded(self) -> EncodedFrames:
        original = self._original
        frames = original.frames(self._decoder, self._is_wanted)
        first = next(frames)
        self._changed |= overlays_moved(original)
        encoder = FrameEncoder(
            original.layout,
            self._target,
            self._options,
            source_syntax=original.syntax,
            was_lossy=original.was_lossy,
            first=first.layout,
        )
        all_frames = itertools.chain((first,), frames)
        return EncodedFrames(encoder, all_frames, self._is_wanted, self._threads)

    def _report(self) -> TranscodeReport:
        return TranscodeReport(self._original.syntax.uid, self._target.syntax.uid, self._uid)

    def _report_of(self, frames: EncodedFrames, encoded_bytes: int) -> TranscodeReport:
        return structs.replace(
            self._report(),
            frame_count=frames.count,
            native_bytes=frames.encoder.native_bytes,
            encoded_bytes=encoded_bytes,
            max_error=frames.max_error,
            mean_error=frames.mean_error,
        )


def _write(sink: Sink, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        sink.write(piece)


def _decompressed(content: bytes, decoder: Decoder, is_wanted: Callable[[], bool]) -> bytes:
    """Make a small file in Explicit VR Little Endian of a compressed one."""
    original = Original(HeldSource(content, FileStamp(0, 0, len(content), 0)), "")
    work = _Work(original, find_target("explicit"), EncodeOptions(), decoder, is_wanted)
    if original.native_bytes > MOST_ICON_BYTES:
        raise CannotTranscode(f"it would have {original.native_bytes >> 20:,} MB")
    out = io.BytesIO()
    work.carry_out(out)
    return out.getvalue()


def _description(target: Target, options: EncodeOptions) -> str:
    """What was done, for Derivation Description (0008,2111)."""
    given = {
        "quality": options.quality,
        "compression ratio": options.ratio,
        "largest error": options.near,
    }
    words = [f"{name} {value:g}" for name, value in given.items() if value is not None]
    return f"Lossy compression: {', '.join([target.syntax.name, *words])}"
