"""The golden numbers of the page's colour maps against the palette objects of pydicom."""

from __future__ import annotations

from pathlib import Path

import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.pixels.processing import _expand_segmented_lut
from support.vectors import vector_cases

PALETTES = Path(pydicom.data.__file__).parent / "palettes"


def published(file_name: str) -> str:
    """The palette of a file as hexadecimal digits, entry by entry."""
    dataset = dcmread(PALETTES / file_name)
    channels = []
    for color in ("Red", "Green", "Blue"):
        whole = dataset.get(f"{color}PaletteColorLookupTableData")
        segments = dataset.get(f"Segmented{color}PaletteColorLookupTableData")
        channels.append(
            list(whole) if whole is not None else _expand_segmented_lut(tuple(segments), "B")
        )
    return bytes(value for entry in zip(*channels, strict=True) for value in entry).hex()


DICOM_PALETTES = [case for case in vector_cases("color_maps") if case.values[0]["tolerance"] == 0]


@pytest.mark.parametrize("case", DICOM_PALETTES)
def test_palettes_of_the_standard_are_those_that_pydicom_brings_along(case):
    assert case["rgb"] == published(case["name"].replace("-", "") + ".dcm")
