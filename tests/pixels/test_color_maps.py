"""The golden numbers of the colour maps against the palette objects of pydicom, and our tables
against the golden numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.pixels.processing import _expand_segmented_lut
from support.vectors import vector_cases

from dcmview.errors import RequestError
from dcmview.pixels.color_maps import COLOR_MAPS, color_map_table, colored

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


@pytest.mark.parametrize("case", vector_cases("color_maps"))
def test_tables_are_those_of_the_golden_numbers(case):
    golden = np.frombuffer(bytes.fromhex(case["rgb"]), np.uint8).reshape(256, 3)
    errors = color_map_table(case["name"]).astype(int) - golden
    assert np.abs(errors).max() <= case["tolerance"]


def test_maps_are_those_of_the_page():
    page = Path(__file__).parents[2] / "frontend/src/dicom/colorMaps.ts"
    names = re.findall(r"\bname: '([^']+)'", page.read_text())
    assert tuple(names) == COLOR_MAPS


def test_the_grey_map_leaves_levels_alone():
    assert color_map_table("grey").tolist() == [[level] * 3 for level in range(256)]


def test_a_picture_with_colours_keeps_them():
    picture = np.array([[[1, 2, 3]]], np.uint8)
    assert colored(picture, "viridis") is picture


def test_an_unknown_map_is_refused_with_the_names_there_are():
    with pytest.raises(RequestError, match=r"viridis.*not 'jet'"):
        color_map_table("jet")
