"""Transcoding for tests: one call, and what pydicom makes of the result."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pydicom

from dcmview.bulk.inputs import entry_of
from dcmview.dicom.decoding import ThreadDecoder
from dcmview.transcoding.targets import EncodeOptions, find_target
from dcmview.transcoding.transcode import TranscodeReport, transcode_entry
from dcmview.transcoding.writing import OffsetTable

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset


def transcoded(
    path: Path | str, target: str, *, table: OffsetTable = OffsetTable.AUTO, **options: Any
) -> tuple[bytes, TranscodeReport]:
    """The bytes of a file in another syntax, and the report."""
    out = io.BytesIO()
    report = transcode_entry(
        entry_of(str(path)),
        find_target(target),
        EncodeOptions(**options),
        out,
        decoder=ThreadDecoder(),
        offset_table=table,
    )
    return out.getvalue(), report


def read(content: bytes) -> Dataset:
    """What pydicom reads."""
    return pydicom.dcmread(io.BytesIO(content))


def flat(dataset: Dataset, prefix: str = "") -> dict[str, Any]:
    """Every element by its path, without group lengths; sequences as their number of items."""
    found: dict[str, Any] = {}
    for element in dataset:
        key = f"{prefix}{int(element.tag):08x}"
        if element.tag.element == 0:
            continue
        if element.VR == "SQ":
            found[key] = ("SQ", len(element.value))
            for index, item in enumerate(element.value):
                found.update(flat(item, f"{key}[{index}]."))
        else:
            value = element.value if isinstance(element.value, bytes) else str(element.value)
            found[key] = (str(element.VR), value)
    return found
