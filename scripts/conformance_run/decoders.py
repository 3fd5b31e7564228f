"""What other decoders make of a file: pydicom with its plugins, DCMTK, and the twin."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from conformance_run import dcmtk
from conformance_run.native import (
    Samples,
    frame_count,
    frame_of,
    pixel_keyword,
    samples_of,
    significant_bits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_NATIVE = (
    "1.2.840.10008.1.2",
    EXPLICIT_LITTLE_ENDIAN,
    "1.2.840.10008.1.2.1.99",
    _BIG_ENDIAN,
)
_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_RLE = "1.2.840.10008.1.2.5"


@dataclass
class OtherReaders:
    """A file in the hands of other readers; ``failures`` says why one gives nothing."""

    path: str
    twin: str | None = None
    use_dcmtk: bool = True
    failures: dict[str, str] = field(default_factory=dict)
    _folder: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    _expanded: Dataset | None = None
    _pydicom_copy: str | None = None
    _drawn_from: str = ""

    def __post_init__(self) -> None:
        self.ds = self._read()
        self.transfer_syntax_uid = self._transfer_syntax()
        if self.use_dcmtk and self.transfer_syntax_uid not in _NATIVE:
            copy = dcmtk.expand(self.path, self.transfer_syntax_uid, Path(self._folder.name))
            if copy is not None:
                self._expanded = pydicom.dcmread(copy, force=True)

    def dcmtk_picture(
        self, frame_index: int, options: tuple[str, ...] = ()
    ) -> NDArray[np.uint8] | None:
        """Let DCMTK draw a frame; what it cannot decompress, pydicom does before."""
        if not self.use_dcmtk:
            return None
        rows, columns, bits = (
            self.ds.get(word, 0) for word in ("Rows", "Columns", "BitsAllocated")
        )
        if bits == 8 and rows * columns % 2 and frame_count(self.ds) > 1:
            self.failures["DCMTK, picture"] = "it loses the last byte of a frame of odd length"
            return None
        path = self._drawn_from or self.path
        drawn = dcmtk.picture(path, self.transfer_syntax_uid, frame_index, options)
        if drawn is None and self.transfer_syntax_uid not in _NATIVE:
            copy = self._copy_by_pydicom()
            if copy:
                drawn = dcmtk.picture(copy, EXPLICIT_LITTLE_ENDIAN, frame_index, options)
        return drawn

    def _copy_by_pydicom(self) -> str:
        if self._pydicom_copy is None:
            self._pydicom_copy = ""
            try:
                ds = pydicom.dcmread(self.path, force=True)
                ds.decompress(as_rgb=True, generate_instance_uid=False)
                target = Path(self._folder.name) / "by-pydicom.dcm"
                ds.save_as(target)
                self._pydicom_copy = str(target)
            except Exception as exc:  # noqa: BLE001
                self.failures["a copy by pydicom"] = f"{type(exc).__name__}: {exc}"
        return self._pydicom_copy

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()

    @property
    def has_pixels(self) -> bool:
        """Whether pydicom or DCMTK find an image."""
        return pixel_keyword(self.ds) is not None and bool(self.ds.get("Rows"))

    def samples(self, frame_index: int) -> Iterator[Samples]:
        """Give one frame by every reader that can read it."""
        sources: dict[str, Any] = {"its bytes": self._own_bytes}
        if self.twin is not None:
            sources["the uncompressed file"] = self._twin
        if self._expanded is not None:
            sources["DCMTK"] = self._dcmtk
        for name, read in sources.items():
            try:
                found = read(frame_index)
            except Exception as exc:  # noqa: BLE001  a reader that fails is a finding
                self.failures[name] = f"{type(exc).__name__}: {exc}"
                continue
            if found is not None:
                yield found
        yield from self._by_pydicom(frame_index)

    def _read(self) -> Dataset:
        ds = pydicom.dcmread(self.path, force=True)
        try:
            pixel_keyword(ds)
        except Exception as exc:  # noqa: BLE001
            self.failures["pydicom"] = f"{type(exc).__name__}: {exc}"
        if pixel_keyword(ds) is None and self.use_dcmtk:
            copy = dcmtk.convert(self.path, Path(self._folder.name))
            if copy is not None:
                converted = pydicom.dcmread(copy, force=True)
                if pixel_keyword(converted) is not None:
                    self._drawn_from = str(copy)
                    return converted
        return ds

    def _transfer_syntax(self) -> str:
        found = str(self.ds.file_meta.get("TransferSyntaxUID", ""))
        if found:
            return found
        is_implicit, is_little = self.ds.original_encoding
        if not is_little:
            return _BIG_ENDIAN
        return "1.2.840.10008.1.2" if is_implicit else "1.2.840.10008.1.2.1"

    def _own_bytes(self, frame_index: int) -> Samples | None:
        if self.transfer_syntax_uid in _NATIVE:
            return samples_of(self.ds, frame_index, "its bytes")
        if self.transfer_syntax_uid not in (_ENCAPSULATED_UNCOMPRESSED, _DEFLATED_FRAMES):
            return None
        frames = generate_frames(self.ds.PixelData, number_of_frames=frame_count(self.ds))
        content = next(each for index, each in enumerate(frames) if index == frame_index)
        if self.transfer_syntax_uid == _DEFLATED_FRAMES:
            content = zlib.decompressobj(wbits=-15).decompress(content)
        return frame_of(content, self.ds, 0, "its bytes", little_endian=True)

    def _twin(self, frame_index: int) -> Samples:
        assert self.twin is not None
        return samples_of(
            pydicom.dcmread(self.twin, force=True), frame_index, "the uncompressed file"
        )

    def _dcmtk(self, frame_index: int) -> Samples:
        assert self._expanded is not None
        return samples_of(self._expanded, frame_index, "DCMTK")

    def _by_pydicom(self, frame_index: int) -> Iterator[Samples]:
        is_big = self.transfer_syntax_uid == _BIG_ENDIAN
        if is_big and self.ds.get("BitsAllocated") == 1 and self.ds["PixelData"].VR == "OW":
            self.failures["pydicom"] = "it leaves the bytes of one-bit words as they are"
            return
        try:
            decoder = get_decoder(UID(self.transfer_syntax_uid))
        except NotImplementedError as exc:
            self.failures["pydicom"] = str(exc)
            return
        for plugin in decoder.available_plugins or ("",):
            name = f"pydicom, {plugin}" if plugin else "pydicom"
            try:
                # It would mask from bit 0 upwards, whatever High Bit says.
                options: dict[str, Any] = {"correct_unused_bits": False}
                values, described = decoder.as_array(
                    self.ds, index=frame_index, raw=True, decoding_plugin=plugin, **options
                )
            except Exception as exc:  # noqa: BLE001
                self.failures[name] = f"{type(exc).__name__}: {exc}"
                continue
            if self.transfer_syntax_uid in (*_NATIVE, _RLE) and self.ds.BitsAllocated > 1:
                values = significant_bits(values, self.ds)
            elif plugin == "pyjpegls" and self.ds.HighBit != self.ds.BitsStored - 1:
                # Codestreams of such files hold whole cells, and it gives them as they are.
                values = significant_bits(values, self.ds)
            interpretation = str(described["photometric_interpretation"])
            if interpretation == "YBR_FULL_422":
                interpretation = "YBR_FULL"
            yield Samples(
                name, np.asarray(values), interpretation, int(self.ds.Rows) * int(self.ds.Columns)
            )
