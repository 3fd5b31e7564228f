"""Figures, lengths and areas of ROIs, and the table of them."""

from __future__ import annotations

import csv
import io
import math
import shutil

import msgspec
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from support.datasets import image, item, part10
from support.rois import box, point
from support.vectors import as_modality, as_padding, vector_cases

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.exchange import figures_table
from dcmview.exchange.readers import read_table
from dcmview.exchange.rulers import Ruler, crosses_itself, measure, ruler_for
from dcmview.exchange.statistics import MeasuredFrame, roi_statistics
from dcmview.library import Library, LibrarySettings
from dcmview.model import (
    DisplayRecipe,
    PixelAspect,
    PixelSpacing,
    SpacingPlane,
    UltrasoundRegion,
)

PATIENT = PixelSpacing(0.5, 0.25, SpacingPlane.PATIENT, "Pixel Spacing (0028,0030)")


def roi_of(kind, points, **more):
    return Roi(id="r", kind=kind, points=tuple(ImagePoint(x, y) for x, y in points), **more)


def frame_of(stored, columns, samples=1, name="MONOCHROME2", **recipe):
    shaped = np.array(stored).reshape(-1, columns, samples)
    return MeasuredFrame(shaped, name, DisplayRecipe(name, **recipe))


@pytest.mark.parametrize("case", vector_cases("region_statistics"))
def test_figures_are_what_the_vectors_say(case):
    frame = frame_of(
        np.array(case["stored"], case["dtype"]),
        case["columns"],
        case["samples_per_pixel"],
        modality=as_modality(case["modality"]),
        padding=as_padding(case["padding"]),
    )
    found = roi_statistics(frame, roi_of(case["kind"], case["points"]))
    assert (found.pixel_count, found.excluded_count) == (
        case["pixel_count"],
        case["excluded_count"],
    )
    names = ("mean", "sd", "minimum", "maximum", "median", "sum")
    keys = ("mean", "sd", "min", "max", "median", "sum")
    assert [[getattr(each, name) for name in names] for each in found.figures] == [
        pytest.approx([each[key] for key in keys]) for each in case["components"]
    ]


def test_what_is_no_number_is_left_out():
    frame = frame_of(np.array([1.5, np.nan, np.inf, 2.5], np.float32), 4)
    found = roi_statistics(frame, box("a", 0, 0, 4, 1))
    assert (found.pixel_count, found.excluded_count, found.figures[0].mean) == (2, 2, 2.0)


def test_indices_into_a_palette_are_no_quantities():
    frame = frame_of(np.array([1, 2], np.uint8), 2, name="PALETTE COLOR")
    assert roi_statistics(frame, box("a", 0, 0, 2, 1)).figures == ()


def test_a_point_on_the_last_edge_has_the_last_pixel():
    frame = frame_of(np.array([1, 2, 3, 4], np.uint8), 2)
    assert roi_statistics(frame, point("p", 2, 2)).values == (4.0,)
    assert roi_statistics(frame, point("p", 0.99, 1)).values == (3.0,)


@pytest.mark.parametrize("case", vector_cases("shape_measures"))
def test_shapes_measure_what_the_vectors_say(case):
    ruler = Ruler("mm", case["scale"]["x"], case["scale"]["y"])
    found = measure(roi_of(case["kind"], case["points"]), ruler)
    for name in ("length", "area", "angle_deg"):
        expected = case[name]
        assert getattr(found, name) == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=9))
def test_an_outline_crosses_itself_where_two_sides_do(points):
    def side(p, q, r):
        turn = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return (turn > 0) - (turn < 0)

    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    expected = any(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for n, (a, b) in enumerate(sides)
        for c, d in sides[:n]
    )
    assert crosses_itself(np.array(points, np.float64)) == expected


def test_a_scribble_of_many_points_is_looked_through():
    turns = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    circle = np.column_stack([np.cos(turns), np.sin(turns)]) * 500
    assert not crosses_itself(circle)
    circle[[10_000, 10_500]] = circle[[10_500, 10_000]]
    assert crosses_itself(circle)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"spacing": PATIENT}, ("mm", 0.25, 0.5, "patient")),
        (
            {"spacing": PixelSpacing(0.1, 0.1, SpacingPlane.DETECTOR, "x")},
            ("mm", 0.1, 0.1, "detector"),
        ),
        ({"spacing": PixelSpacing(0.1, 0.1, SpacingPlane.UNKNOWN, "x")}, ("px", 1, 1, "")),
        ({"pixel_aspect": PixelAspect(3, 2)}, ("px", 1, 1.5, "")),
        ({}, ("px", 1, 1, "")),
    ],
)
def test_distances_are_those_of_the_patient_only_where_the_file_says_so(facts, expected):
    ruler = ruler_for(DisplayRecipe("MONOCHROME2", **facts), box("a", 0, 0, 2, 2))
    assert (ruler.unit, ruler.x, ruler.y, ruler.plane) == expected


def test_an_ultrasound_region_has_its_own_scale():
    regions = (
        UltrasoundRegion(0, 0, 10, 10, "2d", 0.2, 0.3, "cm", "cm", 0.02, 0.03),
        UltrasoundRegion(10, 0, 20, 10, "other", None, None, "s", "s", 1, 1),
    )
    recipe = DisplayRecipe("MONOCHROME2", regions=regions, spacing=PATIENT)
    inside, across, chart = (ruler_for(recipe, box("a", x, 0, x + 5, 10)) for x in (5, 7, 12))
    assert (inside.unit, inside.x, inside.y) == ("mm", 0.2, 0.3)
    assert (across.unit, chart.unit) == ("px", "px")
    assert across.source.startswith("it does not lie within one calibrated region")


# The table


@pytest.fixture
def library(tmp_path):
    """A CT, two frames, colour, and pixels that nobody can read."""
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), tmp_path / "0-ct.dcm")
    frames = np.arange(18, dtype="<u2").tobytes()
    two = image(3, 3, NumberOfFrames=2, PixelData=frames, PixelSpacing=[2, 1])
    (tmp_path / "1-two.dcm").write_bytes(part10(two))
    colour = image(
        1,
        2,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=bytes([0, 20, 5, 10, 20, 255]),
    )
    (tmp_path / "2-rgb.dcm").write_bytes(part10(colour))
    bad = image(3, 3, PixelData=encapsulate([b"nothing"]))
    (tmp_path / "3-bad.dcm").write_bytes(part10(bad, uid.JPEG2000Lossless))
    library = Library(LibrarySettings(paths=(str(tmp_path),)))
    library.start_scan()
    assert library.wait_scan(30)
    yield library
    library.close()


def put(library, index, *rois):
    library.rois.replace(index, msgspec.to_builtins(list(rois)))


def table(library):
    content = library.exchange.export("csv-statistics").whole()
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_table_has_the_figures_of_numpy(library):
    put(library, 0, box("a", 10, 20, 40, 50, label="=mass", score=0.5))
    (row,) = table(library)
    dataset = pydicom.dcmread(library.entry(0).path)
    hu = dataset.pixel_array[20:50, 10:40] * float(dataset.RescaleSlope) + float(
        dataset.RescaleIntercept
    )
    assert row["label"] == "'=mass"
    assert (row["frame_index"], row["pixel_count"], row["excluded_pixel_count"]) == (
        "0",
        "900",
        "0",
    )
    assert (row["value_unit"], row["distance_unit"], row["distance_plane"]) == (
        "HU",
        "mm",
        "patient",
    )
    figures = ("mean", "sd_population", "min", "max", "median", "sum")
    expected = [hu.mean(), hu.std(), hu.min(), hu.max(), np.median(hu), hu.sum()]
    assert [float(row[name]) for name in figures] == pytest.approx(expected)
    down, right = map(float, dataset.PixelSpacing)
    assert float(row["area"]) == pytest.approx(900 * down * right)
    assert float(row["length"]) == pytest.approx(60 * (down + right))


def test_each_frame_has_a_row(library):
    put(library, 1, box("a", 0, 0, 1, 1), point("p", 2.5, 0.5, frames=(1,)))
    assert [
        (row["id"], row["frame_index"], row["mean"], row["value"]) for row in table(library)
    ] == [
        ("a", "0", "0", ""),
        ("a", "1", "9", ""),
        ("p", "1", "", "11"),
    ]


def test_lines_and_angles_have_no_figures_of_pixels(library):
    line = roi_of("length", [(0, 0), (3, 2)], frames=(0,))
    angle = roi_of("angle", [(1, 0), (0, 0), (0, 1)], frames=(0,))
    put(library, 1, line, msgspec.structs.replace(angle, id="b"))
    first, second = table(library)
    assert (first["length"], first["mean"], first["pixel_count"]) == ("5", "", "")
    assert (second["angle_deg"], second["length"]) == ("90", "")


def test_an_outline_that_crosses_itself_has_the_area_of_its_pixels(library):
    put(library, 1, roi_of("polygon", [(0, 0), (3, 3), (3, 0), (0, 3)], frames=(0,)))
    (row,) = table(library)
    # The diagonals run through centres, which what lies to the right has: 1, 3 and 1 of 2 mm².
    assert (row["pixel_count"], float(row["area"])) == ("5", 10.0)


def test_colour_has_a_row_a_component(library):
    put(library, 2, box("a", 0, 0, 2, 1))
    assert [(row["component"], row["mean"], row["max"]) for row in table(library)] == [
        ("R", "5", "10"),
        ("G", "20", "20"),
        ("B", "130", "255"),
    ]


def test_a_frame_that_cannot_be_decoded_says_so(library):
    put(library, 3, box("a", 0, 0, 2, 1))
    put(library, 1, box("b", 0, 0, 1, 1, frames=(0,)))
    whole, bad = table(library)
    assert (whole["mean"], whole["problem"]) == ("0", "")
    assert bad["mean"] == ""
    assert "JPEG 2000" in bad["problem"]


def test_the_table_comes_back_as_the_rois_that_it_is_of(library):
    rois = (box("a", 0, 0, 1, 1, label="mass", note="-1+1"), point("p", 2.5, 0.5, frames=(0, 1)))
    put(library, 1, *rois)
    content = library.exchange.export("csv-statistics").whole()
    assert library.exchange.take_in(read_table(content, "table")).added == 0
    put(library, 1)
    assert library.exchange.take_in(read_table(content, "table")).added == 2
    assert library.rois.get(1).rois == rois


def test_rows_are_sent_before_the_next_frame_is_decoded(library, monkeypatch):
    put(library, 1, box("a", 0, 0, 1, 1))
    whole = library.exchange.export("csv-statistics").whole()
    monkeypatch.setattr(figures_table, "_PIECE_S", -1)
    pieces = list(library.exchange.export("csv-statistics").content)
    assert [piece.count(b"\r\n") for piece in pieces] == [2, 1, 0]  # with the head of the table
    assert b"".join(pieces) == whole


def test_uptake_is_that_of_the_file(tmp_path):
    pet = image(
        1,
        2,
        Modality="PT",
        PixelData=np.array([100, 300], "<u2").tobytes(),
        Units="BQML",
        DecayCorrection="ADMIN",
        CorrectedImage=["ATTN", "DECY"],
        PatientWeight="50",
        SeriesDate="20240101",
        SeriesTime="120000",
        AcquisitionDate="20240101",
        AcquisitionTime="120000",
        RadiopharmaceuticalInformationSequence=item(
            RadionuclideTotalDose="1000000", RadionuclideHalfLife="6586.2"
        ),
    )
    (tmp_path / "pet.dcm").write_bytes(part10(pet))
    library = Library(LibrarySettings(paths=(str(tmp_path),)))
    library.start_scan()
    assert library.wait_scan(30)
    put(library, 0, box("a", 0, 0, 2, 1))
    (row,) = table(library)
    library.close()
    # 50,000 g over 1,000,000 Bq: 0.05 of each Bq/ml.
    assert row["suv_kind"] == "SUVbw"
    assert [float(row["suv_mean"]), float(row["suv_max"])] == pytest.approx([10, 15])
    assert math.isclose(float(row["mean"]), 200)
