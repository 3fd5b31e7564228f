"""60xx overlay planes: where they lie, which frame they belong to, and what is wrong with them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate
from support.datasets import image, opened, part10
from support.pixel_files import pixel_file_named

from dcmview.dicom.instance import open_instance
from dcmview.dicom.overlays import read_overlay_summaries, read_overlays
from dcmview.dicom.recipe import display_recipe
from dcmview.pixels.overlay import place

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance


def with_overlay(dataset: Dataset, group: int = 0x6000, **elements: Any) -> Dataset:
    """Add a group; names are those of the elements without 'Overlay'."""
    known = {
        "rows": (0x0010, "US"),
        "columns": (0x0011, "US"),
        "frames": (0x0015, "IS"),
        "description": (0x0022, "LO"),
        "type": (0x0040, "CS"),
        "origin": (0x0050, "SS"),
        "image_frame_origin": (0x0051, "US"),
        "bits_allocated": (0x0100, "US"),
        "bit_position": (0x0102, "US"),
        "label": (0x1500, "LO"),
        "data": (0x3000, "OW"),
    }
    values = {"type": "G", "origin": [1, 1], "bits_allocated": 1, "bit_position": 0, **elements}
    for name, value in values.items():
        if value is not None:
            element, vr = known[name]
            dataset.add_new((group, element), vr, value)
    return dataset


def bits_of(instance: Instance, frame_index: int = 0) -> list[list[list[int]]]:
    return [plane.bits.astype(int).tolist() for plane in read_overlays(instance, frame_index)]


def test_the_first_pixel_is_the_lowest_bit(tmp_path: Path) -> None:
    # 2 rows of 3: bits 1 0 1, 0 1 1 from the lowest upwards are 0b110101.
    dataset = with_overlay(image(), rows=2, columns=3, data=b"\x35\x00", label="ARROW")
    instance = opened(tmp_path, dataset)
    assert bits_of(instance) == [[[1, 0, 1], [0, 1, 1]]]
    (summary,), repairs = read_overlay_summaries(instance, 0)
    assert (summary.group, summary.label, summary.kind, repairs) == (0x6000, "ARROW", "G", ())


def test_an_overlay_may_be_of_another_size_and_begin_outside(tmp_path: Path) -> None:
    dataset = with_overlay(image(), rows=1, columns=2, origin=[-1, 0], data=b"\x03\x00")
    (summary,), _ = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert (summary.rows, summary.columns) == (1, 2)
    assert (summary.origin_row, summary.origin_column) == (-1, 0)


@pytest.mark.parametrize(
    ("origin", "expected"), [(None, (1, 1)), ([5], (5, 1)), ([2, 3, 4], (2, 3))]
)
def test_an_origin_of_too_few_or_many_values_is_mended_and_said(
    tmp_path: Path, origin: list[int] | None, expected: tuple[int, int]
) -> None:
    dataset = with_overlay(image(), rows=2, columns=3, origin=origin, data=b"\x01\x00")
    (summary,), (repair,) = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert (summary.origin_row, summary.origin_column) == expected
    assert repair.element == "(6000,0050) Overlay Origin"
    assert repair.used == f"row {expected[0]}, column {expected[1]}"


def test_sixteen_groups_are_read_and_private_ones_between_them_are_not(tmp_path: Path) -> None:
    dataset = image()
    for group in range(0x6000, 0x6020, 2):
        with_overlay(dataset, group, rows=2, columns=3, data=b"\x01\x00")
    dataset.add_new((0x6001, 0x0010), "LO", "ACME")
    dataset.add_new((0x6001, 0x1000), "LO", "not an overlay")
    summaries, repairs = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert [each.group for each in summaries] == list(range(0x6000, 0x6020, 2))
    assert repairs == ()


def test_planes_of_a_multi_frame_overlay_follow_each_other_bit_by_bit(tmp_path: Path) -> None:
    # Two planes of 6 bits: 000001 (first pixel) and 100000 (last one).
    dataset = with_overlay(
        image(NumberOfFrames=3, PixelData=bytes(36)),
        rows=2,
        columns=3,
        frames=2,
        image_frame_origin=2,
        data=b"\x01\x08",
    )
    instance = opened(tmp_path, dataset)
    assert bits_of(instance, 0) == []
    assert bits_of(instance, 1) == [[[1, 0, 0], [0, 0, 0]]]
    assert bits_of(instance, 2) == [[[0, 0, 0], [0, 0, 1]]]


def test_one_plane_without_a_frame_lies_over_all_of_them(tmp_path: Path) -> None:
    frames = image(NumberOfFrames=2, PixelData=bytes(24))
    dataset = with_overlay(frames, rows=2, columns=3, data=b"\x01\x00")
    instance = opened(tmp_path, dataset)
    assert bits_of(instance, 0) == bits_of(instance, 1) == [[[1, 0, 0], [0, 0, 0]]]


def test_one_plane_with_a_frame_lies_over_that_one(tmp_path: Path) -> None:
    frames = image(NumberOfFrames=2, PixelData=bytes(24))
    dataset = with_overlay(frames, rows=2, columns=3, image_frame_origin=2, data=b"\x01\x00")
    instance = opened(tmp_path, dataset)
    assert (len(bits_of(instance, 0)), len(bits_of(instance, 1))) == (0, 1)


def test_data_that_ends_early_is_filled_up(tmp_path: Path) -> None:
    dataset = with_overlay(image(), rows=4, columns=8, data=b"\xff\x01")
    instance = opened(tmp_path, dataset)
    assert bits_of(instance) == [[[1] * 8, [1, *[0] * 7], [0] * 8, [0] * 8]]
    (repair,) = read_overlay_summaries(instance, 0)[1]
    assert (repair.found, repair.used) == ("16 of 32 bits of plane 1", "what is there")


def test_a_small_file_cannot_claim_large_planes(tmp_path: Path) -> None:
    dataset = with_overlay(image(), rows=8000, columns=8000, data=bytes(1_000_000))
    with_overlay(dataset, 0x6002, rows=8000, columns=8000, data=bytes(900_000))
    summaries, repairs = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert [each.group for each in summaries] == [0x6000]
    assert [each.used for each in repairs] == ["what is there", "left out"]


def test_planes_that_together_take_too_much_memory_are_left_out(tmp_path: Path) -> None:
    dataset = image()
    for group in range(0x6000, 0x6010, 2):
        with_overlay(dataset, group, rows=8000, columns=8000, data=bytes(1_000_000))
    summaries, repairs = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert sum(each.rows * each.columns for each in summaries) == 4 * 8000 * 8000
    assert "no room" in repairs[-1].found


def test_overlay_data_too_long_to_be_read_says_so(tmp_path: Path) -> None:
    dataset = with_overlay(
        image(NumberOfFrames=5, PixelData=bytes(60)),
        rows=8000,
        columns=8000,
        frames=5,
        data=bytes(5 * 8_000_000),
    )
    summaries, (repair,) = read_overlay_summaries(opened(tmp_path, dataset), 0)
    assert summaries == ()
    assert repair.found == "40,000,000 bytes, more than are read"


@pytest.mark.parametrize(
    "elements",
    [
        {"rows": 0, "columns": 3, "data": b"\x01\x00"},
        {"rows": None, "columns": 3, "data": b"\x01\x00"},
        {"rows": 65535, "columns": 65535, "data": b"\x01\x00"},
        {"rows": 2, "columns": 3, "data": b""},
    ],
)
def test_an_overlay_that_makes_no_sense_is_left_out_and_said(
    tmp_path: Path, elements: dict[str, Any]
) -> None:
    instance = opened(tmp_path, with_overlay(image(), **elements))
    summaries, repairs = read_overlay_summaries(instance, 0)
    assert summaries == ()
    assert [each.code for each in repairs] == ["overlay"]
    assert "overlay" in {each.code for each in display_recipe(instance, 0).repairs}


def test_words_of_a_big_endian_overlay_are_put_in_order(tmp_path: Path) -> None:
    # pydicom writes the bytes of OW as they are, so the file has them swapped here.
    dataset = with_overlay(image(1, 16), rows=1, columns=16, data=b"\x00\x01")
    dataset.PixelData = bytes(32)
    content = part10(dataset, uid.ExplicitVRBigEndian)
    assert bits_of(opened(tmp_path, content)) == [[[1, *[0] * 15]]]


EMBEDDED = np.array([[0x1005, 0x0001, 0xF002], [0x0003, 0x1004, 0x0FFF]], "<u2")
"""12-bit samples below an overlay in bit 12; other junk above it."""
EMBEDDED_BITS = [[1, 0, 1], [0, 1, 0]]


def embedded(**elements: Any) -> Dataset:
    dataset = image(BitsStored=12, HighBit=11, PixelData=EMBEDDED.tobytes())
    return with_overlay(dataset, rows=2, columns=3, bits_allocated=16, bit_position=12, **elements)


def test_an_overlay_in_the_unused_bits_is_taken_out_of_them(tmp_path: Path) -> None:
    assert bits_of(opened(tmp_path, embedded())) == [EMBEDDED_BITS]


def test_an_overlay_in_the_unused_bits_survives_rle(tmp_path: Path) -> None:
    dataset = embedded()
    planes = [(EMBEDDED >> 8).astype(np.uint8).tobytes(), EMBEDDED.astype(np.uint8).tobytes()]
    # One literal run a plane: the count less one, then the bytes; padded to an even length.
    segments = [bytes([5]) + plane + b"\x80" for plane in planes]
    header = np.array([2, 64, 64 + len(segments[0]), *[0] * 13], "<u4").tobytes()
    dataset.PixelData = encapsulate([header + b"".join(segments)])
    dataset["PixelData"].is_undefined_length = True
    instance = opened(tmp_path, part10(dataset, uid.RLELossless))
    assert bits_of(instance) == [EMBEDDED_BITS]


@pytest.mark.parametrize("bit_position", [0, 11, 16, 99])
def test_a_bit_of_the_image_itself_is_no_overlay(tmp_path: Path, bit_position: int) -> None:
    dataset = embedded()
    dataset[0x6000, 0x0102].value = bit_position
    instance = opened(tmp_path, dataset)
    assert bits_of(instance) == []
    (repair,) = read_overlay_summaries(instance, 0)[1]
    assert f"bit {bit_position}" in repair.found


def test_a_compressed_image_says_that_its_embedded_overlay_is_lost() -> None:
    dataset = pydicom.dcmread(pixel_file_named("JPEG2000.dcm"))
    with_overlay(dataset, rows=2, columns=3, bits_allocated=16, bit_position=15)
    dataset.BitsStored, dataset.HighBit = 12, 11
    path = pixel_file_named("JPEG2000.dcm")
    instance = open_instance(str(path))
    instance.dataset.update(
        {element.tag: element for element in dataset if 0x6000 <= element.tag.group <= 0x601E}
    )
    (repair,) = read_overlay_summaries(instance, 0)[1]
    assert "bit 15" in repair.found


@pytest.mark.parametrize("name", ["examples_overlay.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm"])
def test_real_overlays_lie_where_pydicom_and_dcmtk_have_them(name: str, tmp_path: Path) -> None:
    path = pixel_file_named(name)
    (plane,) = read_overlays(open_instance(str(path)), 0)
    assert np.array_equal(plane.bits, pydicom.dcmread(path).overlay_array(0x6000).astype(bool))
    pictures = {}
    for option in ("-O", "+O"):
        target = tmp_path / f"{option}.pgm"
        number = ["0"] if option == "+O" else []
        # Everything black but the overlay: a window above all values.
        window = ["+Ww", "100000", "1"]
        command = ["dcmj2pnm", "+op", option, *number, *window, str(path), str(target)]
        subprocess.run(command, check=True, capture_output=True)
        pictures[option] = pgm(target)
    assert not pictures["-O"].any()
    assert np.array_equal(pictures["+O"] == 255, plane.bits)


@pytest.mark.parametrize("origin", [[1, 1], [0, 0], [0, 1], [-1, 0], [2, 3], [-7, -7]])
@pytest.mark.parametrize("size", [(3, 3), (6, 7)])
def test_dcmtk_lays_an_overlay_to_the_same_place(
    tmp_path: Path, size: tuple[int, int], origin: list[int]
) -> None:
    rows, columns = size
    dataset = with_overlay(
        image(4, 5, StudyInstanceUID="1.2", SeriesInstanceUID="1.3"),
        rows=rows,
        columns=columns,
        origin=origin,
        data=b"\xa5\x01\x3c\xff\x12\x00",
    )
    instance = opened(tmp_path, dataset)
    (plane,) = read_overlays(instance, 0)
    target = tmp_path / "overlay.pgm"
    black = ["+Ww", "100000", "1"]
    command = ["dcmj2pnm", "+op", "+O", "0", *black, instance.path, str(target)]
    subprocess.run(command, check=True, capture_output=True)
    assert np.array_equal(pgm(target) == 255, place(plane, 4, 5))


def pgm(path: Path) -> np.ndarray[Any, Any]:
    """Read a binary PGM of 8 bits."""
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture)
