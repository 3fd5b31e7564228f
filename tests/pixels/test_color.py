from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.pixels import convert_color_space
from support.vectors import vector_cases

from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import LookupTable, Palette, PixelLayout
from dcmview.pixels.color import color_to_rgb, palette_to_rgb


def layout(interpretation: str, bits: int = 8, *, signed: bool = False) -> PixelLayout:
    return PixelLayout(
        rows=1,
        columns=1,
        samples_per_pixel=3,
        bits_allocated=8 if bits <= 8 else 16 if bits <= 16 else 32,
        bits_stored=bits,
        high_bit=bits - 1,
        pixel_representation=int(signed),
        photometric_interpretation=interpretation,
    )


def lut(first_mapped: int, entries: list[int], bits: int) -> LookupTable:
    return LookupTable(first_mapped, np.array(entries, np.uint16), bits)


@pytest.mark.parametrize("case", vector_cases("color"))
def test_colours_are_those_of_the_clauses(case: dict[str, Any]) -> None:
    described = layout(case["layout"]["photometric_interpretation"], case["layout"]["bits_stored"])
    dtype = np.uint8 if described.bits_stored <= 8 else np.uint16
    stored = np.array([case["stored"]], dtype)
    if "palette" in case:
        table = case["palette"]
        tables = (
            lut(table["first_mapped"], table[name], table["bits"])
            for name in ("red", "green", "blue")
        )
        shown = palette_to_rgb(stored[:, :, 0], Palette(*tables))
    else:
        shown = color_to_rgb(stored, described)
    assert shown[0].tolist() == case["rgb"]


def test_ybr_full_is_converted_as_the_equations_say() -> None:
    # Y = 0.299 R + 0.587 G + 0.114 B and so on for white, black, red, green, blue.
    ybr = np.array([[[255, 128, 128], [0, 128, 128], [76, 85, 255], [150, 44, 21], [29, 255, 107]]])
    rgb = color_to_rgb(ybr.astype(np.uint8), layout("YBR_FULL"))
    expected = [[255, 255, 255], [0, 0, 0], [254, 0, 0], [0, 255, 1], [0, 0, 254]]
    assert np.abs(rgb[0].astype(int) - expected).max() <= 1


def test_every_ybr_full_colour_is_within_a_level_of_pydicom() -> None:
    axis = np.arange(0, 256, 5, dtype=np.uint8)
    ybr = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(52, -1, 3)
    theirs = convert_color_space(ybr, "YBR_FULL", "RGB")
    ours = color_to_rgb(ybr, layout("YBR_FULL"))
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_ybr_partial_uses_16_to_235() -> None:
    ybr = np.array([[[235, 128, 128], [16, 128, 128]]], np.uint8)
    assert color_to_rgb(ybr, layout("YBR_PARTIAL_422")).tolist() == [[[255] * 3, [0] * 3]]


def test_deep_colour_is_scaled_from_bits_stored() -> None:
    rgb = np.array([[[0, 2048, 4095]]], np.uint16)
    # 2048 * 255 / 4095 = 127.53
    assert color_to_rgb(rgb, layout("RGB", bits=12)).tolist() == [[[0, 128, 255]]]
    deepest = np.array([[[0, 1 << 31, (1 << 32) - 1]]], np.uint32)
    assert color_to_rgb(deepest, layout("RGB", bits=32)).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_ybr_is_grey_at_half_of_its_range(bits: int) -> None:
    half = 1 << bits - 1
    ybr = np.array([[[y, half, half] for y in (0, half, 2 * half - 1)]], np.uint16)
    shown = color_to_rgb(ybr, layout("YBR_FULL", bits=bits))
    assert shown.tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_deep_ybr_is_converted_before_it_is_scaled() -> None:
    rng = np.random.default_rng(9)
    rgb = rng.integers(0, 4096, (50, 50, 3)).astype(float)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    ybr = np.stack([luma, (blue - luma) / 1.772 + 2048, (red - luma) / 1.402 + 2048], axis=-1)
    stored = np.floor(ybr + 0.5).clip(0, 4095).astype(np.uint16)
    shown = color_to_rgb(stored, layout("YBR_FULL", bits=12))
    assert np.abs(shown - rgb * 255 / 4095).max() < 0.7


@pytest.mark.parametrize("interpretation", ["HSV", "YBR_RCT", "MONOCHROME2", "PALETTE COLOR"])
def test_interpretations_without_colours_are_refused(interpretation: str) -> None:
    with pytest.raises(UnsupportedPixelFormat, match=interpretation):
        color_to_rgb(np.zeros((1, 1, 3), np.uint8), layout(interpretation))


def test_palette_indices_outside_the_table_take_its_ends() -> None:
    palette = Palette(lut(10, [1, 2], 8), lut(10, [3, 4], 8), lut(10, [5, 6], 8))
    rgb = palette_to_rgb(np.array([[0, 10, 11, 255]], np.uint8), palette)
    assert rgb.tolist() == [[[1, 3, 5], [1, 3, 5], [2, 4, 6], [2, 4, 6]]]


def test_palette_entries_of_16_bits_show_their_high_byte() -> None:
    table = lut(0, [0x0000, 0x80FF, 0xFFFF], 16)
    rgb = palette_to_rgb(np.array([[0, 1, 2]], np.uint16), Palette(table, table, table))
    assert rgb[0, :, 0].tolist() == [0, 0x80, 0xFF]


def test_palette_takes_signed_indices() -> None:
    table = lut(-2, [10, 20, 30], 8)
    rgb = palette_to_rgb(np.array([[-2, -1, 0]], np.int16), Palette(table, table, table))
    assert rgb[0, :, 1].tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("interpretation", "samples", "expected"),
    [
        ("ARGB", [9, 10, 20, 30], [10, 20, 30]),
        ("RGB", [10, 20, 30, 255], [10, 20, 30]),
        ("CMYK", [0, 255, 51, 0], [255, 0, 204]),
        ("CMYK", [0, 0, 0, 255], [0, 0, 0]),
        ("YBR_FULL", [100, 128, 128, 7], [100, 100, 100]),
        ("MONOCHROME2", [77, 200], [77, 77, 77]),
    ],
)
def test_two_and_four_samples_show_what_is_colour(
    interpretation: str, samples: list[int], expected: list[int]
) -> None:
    stored = np.array([[samples]], np.uint8)
    shown = color_to_rgb(stored, replace(layout(interpretation), samples_per_pixel=len(samples)))
    assert shown[0, 0].tolist() == expected
