"""Real files for the frame and decoder tests."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import data_store
import pydicom

from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.instance import Instance, open_instance
from dcmview.dicom.transfer import transfer_syntax

if TYPE_CHECKING:
    from dcmview.model import StoredFrame

WG04 = Path(__file__).parents[3] / "shared" / "data" / "wg04"


class BytesSource:
    """A ByteSource over bytes in memory, which also notes how it is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.reads: list[tuple[int, int]] = []

    def pread(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return self.content[offset : offset + length]


@functools.cache
def pixel_files() -> list[Path]:
    """Files of the pydicom wheel and of pydicom-data that have a frame."""
    folders = (
        Path(pydicom.__file__).parent / "data" / "test_files",
        Path(data_store.__file__).parent,
    )
    paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted({path.name: path for path in paths if _has_frame(path)}.values())


def pixel_file_named(name: str) -> Path:
    """One of them by its name."""
    return next(path for path in pixel_files() if path.name == name)


def _has_frame(path: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(pydicom.dcmread(path, force=True, stop_before_pixels=True).get("Rows"))
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it holds no frame for us
            return False


def read_frames(path: Path) -> tuple[Instance, FrameTable, list[StoredFrame]]:
    """Open a file as the library does and decode all its frames."""
    instance = open_instance(str(path))
    location = instance.pixel_location
    assert location is not None, f"{path.name} has no pixel data"
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    with instance.open() as source:
        table = frame_table(source, location, instance.layout, syntax)
        frames = [
            decode_frame(
                table.frame_bytes(source, index),
                instance.layout,
                syntax,
                little_endian=location.little_endian,
                bit_offset=table.bit_offset(index),
            )
            for index in range(table.frame_count)
        ]
    return instance, table, frames
