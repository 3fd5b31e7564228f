"""What surrounds a picture: shutter, shape of a pixel, colour profile."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest
from PIL import ImageCms
from support.datasets import add_raw, groups, image, item, opened
from support.pixel_files import pixel_file_named

from dcmview.dicom.instance import open_instance
from dcmview.dicom.presentation import (
    read_icc_profile,
    read_patient_orientation,
    read_pixel_aspect,
    read_shutter,
)
from dcmview.dicom.recipe import display_recipe
from dcmview.model import PixelAspect, Shutter
from dcmview.pixels.shutter import shut_mask

if TYPE_CHECKING:
    from pathlib import Path

RECTANGLE = {
    "ShutterLeftVerticalEdge": 2,
    "ShutterRightVerticalEdge": 5,
    "ShutterUpperHorizontalEdge": 1,
    "ShutterLowerHorizontalEdge": 7,
}
CIRCLE = {"CenterOfCircularShutter": [4, 6], "RadiusOfCircularShutter": 3}
POLYGON = {"VerticesOfThePolygonalShutter": [1, 1, 1, 9, 9, 9]}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"ShutterShape": "RECTANGULAR", **RECTANGLE}, Shutter(edges=(2, 5, 1, 7))),
        ({"ShutterShape": "CIRCULAR", **CIRCLE}, Shutter(circle=(4, 6, 3))),
        ({"ShutterShape": "POLYGONAL", **POLYGON}, Shutter(polygon=((1, 1), (1, 9), (9, 9)))),
        ({"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6002}, Shutter(overlay_group=0x6002)),
        (
            {"ShutterShape": ["RECTANGULAR", "CIRCULAR"], **RECTANGLE, **CIRCLE},
            Shutter(edges=(2, 5, 1, 7), circle=(4, 6, 3)),
        ),
        (
            {"ShutterShape": "CIRCULAR", **CIRCLE, "ShutterPresentationValue": 65535},
            Shutter(circle=(4, 6, 3), grey_level=255),
        ),
        (
            {"ShutterShape": "CIRCULAR", **CIRCLE, "ShutterPresentationValue": 32768},
            Shutter(circle=(4, 6, 3), grey_level=127),
        ),
    ],
)
def test_a_shutter_has_the_shapes_of_the_file(
    tmp_path: Path, elements: dict[str, Any], expected: Shutter
) -> None:
    instance = opened(tmp_path, image(**elements))
    assert read_shutter(instance, 0) == (expected, ())
    assert display_recipe(instance, 0).shutter == expected


@pytest.mark.parametrize(
    "elements",
    [
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [5, 5]},  # a single point
        {"ShutterShape": "POLYGONAL"},
        {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2},
        {"ShutterShape": "RECTANGULAR", **RECTANGLE, "ShutterRightVerticalEdge": 1},
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": 4, "RadiusOfCircularShutter": 3},
        {"ShutterShape": "STARS"},
    ],
)
def test_a_shutter_that_makes_no_sense_never_fails_and_is_said(
    tmp_path: Path, elements: dict[str, Any]
) -> None:
    shutter, repairs = read_shutter(opened(tmp_path, image(**elements)), 0)
    assert shutter is None
    assert [each.code for each in repairs] == ["shutter"]


@pytest.mark.parametrize(
    "elements",
    [
        {
            "ShutterShape": "CIRCULAR",
            "CenterOfCircularShutter": [1, 1],
            "RadiusOfCircularShutter": "9e300",
        },
        {
            "ShutterShape": "RECTANGULAR",
            **RECTANGLE,
            "ShutterLeftVerticalEdge": "-9e300",
            "ShutterRightVerticalEdge": "9e300",
        },
    ],
)
def test_a_shutter_of_numbers_beyond_any_image_is_bounded(
    tmp_path: Path, elements: dict[str, Any]
) -> None:
    raw = image()
    for keyword, value in elements.items():
        written = value if isinstance(value, list) else [value]
        content = "\\".join(map(str, written)).encode()
        vr = "CS" if keyword == "ShutterShape" else "DS"
        add_raw(raw, keyword, vr, content + b" " * (len(content) % 2))
    shutter, _ = read_shutter(opened(tmp_path, raw), 0)
    assert shutter is not None
    # Seen up to an edge or through the middle of all three columns.
    assert not shut_mask(shutter, 1, 3).any()


def test_a_bad_shape_leaves_the_others(tmp_path: Path) -> None:
    elements = {"ShutterShape": ["CIRCULAR", "POLYGONAL"], **CIRCLE}
    shutter, repairs = read_shutter(opened(tmp_path, image(**elements)), 0)
    assert (shutter, len(repairs)) == (Shutter(circle=(4, 6, 3)), 1)


def test_frames_have_shutters_of_their_own(tmp_path: Path) -> None:
    dataset = image(
        NumberOfFrames=2,
        PixelData=bytes(24),
        PerFrameFunctionalGroupsSequence=groups(
            {"FrameDisplayShutterSequence": item(ShutterShape="CIRCULAR", **CIRCLE)},
            {"FrameDisplayShutterSequence": item(ShutterShape="RECTANGULAR", **RECTANGLE)},
        ),
    )
    instance = opened(tmp_path, dataset)
    assert read_shutter(instance, 0)[0] == Shutter(circle=(4, 6, 3))
    assert read_shutter(instance, 1)[0] == Shutter(edges=(2, 5, 1, 7))


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, PixelAspect()),
        ({"PixelAspectRatio": ["4", "3"]}, PixelAspect(4, 3)),
        ({"PixelSpacing": [2, 1]}, PixelAspect(2, 1)),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, PixelAspect(0.2, 0.1)),
        ({"NominalScannedPixelSpacing": [1, 3]}, PixelAspect(1, 3)),
        ({"PixelSpacing": [1, 1], "PixelAspectRatio": ["4", "3"]}, PixelAspect()),
        ({"PixelSpacing": [0.7000, 0.70001]}, PixelAspect()),
    ],
)
def test_a_pixel_has_the_shape_of_its_spacing_else_of_the_ratio(
    tmp_path: Path, elements: dict[str, Any], expected: PixelAspect
) -> None:
    assert read_pixel_aspect(opened(tmp_path, image(**elements)), 0) == (expected, ())


@pytest.mark.parametrize("spacing", [[0, 0], [-1, 1], [1], [1, 1000], [1, 0]])
def test_an_impossible_spacing_gives_way_to_the_ratio(tmp_path: Path, spacing: list[float]) -> None:
    dataset = image(PixelSpacing=spacing, PixelAspectRatio=["4", "3"])
    aspect, repairs = read_pixel_aspect(opened(tmp_path, dataset), 0)
    assert aspect == PixelAspect(4, 3)
    assert [each.code for each in repairs] == ["pixel-aspect"]


def test_frames_have_spacings_of_their_own(tmp_path: Path) -> None:
    dataset = image(
        NumberOfFrames=2,
        PixelData=bytes(24),
        PerFrameFunctionalGroupsSequence=groups(
            {"PixelMeasuresSequence": item(PixelSpacing=[1, 1])},
            {"PixelMeasuresSequence": item(PixelSpacing=[3, 1])},
        ),
    )
    instance = opened(tmp_path, dataset)
    assert read_pixel_aspect(instance, 0)[0] == PixelAspect()
    assert read_pixel_aspect(instance, 1)[0] == PixelAspect(3, 1)


def test_a_real_video_frame_has_pixels_of_four_to_three() -> None:
    instance = open_instance(str(pixel_file_named("color-px.dcm")))
    assert read_pixel_aspect(instance, 0)[0] == PixelAspect(4, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["A", "FR"], ("A", "FR")), ("A", ()), (["", "F"], ()), (None, ()), (["L", "F", "H"], ())],
)
def test_patient_orientation_is_two_directions_or_nothing(
    tmp_path: Path, value: list[str] | str | None, expected: tuple[str, ...]
) -> None:
    dataset = image() if value is None else image(PatientOrientation=value)
    assert read_patient_orientation(opened(tmp_path, dataset)) == expected


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOR = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
COLOR |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelData": bytes(18)}


def test_the_profile_of_a_colour_image_is_read(tmp_path: Path) -> None:
    padded = SRGB + b"\0" * (len(SRGB) % 2)
    instance = opened(tmp_path, image(**COLOR, ICCProfile=padded))
    assert read_icc_profile(instance, 0) == (SRGB, ())
    assert display_recipe(instance, 0).icc_profile == SRGB


def test_the_profile_of_a_grey_image_is_not_used(tmp_path: Path) -> None:
    instance = opened(tmp_path, image(ICCProfile=SRGB))
    assert display_recipe(instance, 0).icc_profile is None


def test_the_profile_of_the_optical_path_of_the_frame_is_read(tmp_path: Path) -> None:
    other = SRGB[:-2] + b"\x01\x02"
    paths = item(OpticalPathIdentifier="1", ICCProfile=other)
    paths.extend(item(OpticalPathIdentifier="2", ICCProfile=SRGB))
    dataset = image(
        **COLOR,
        OpticalPathSequence=paths,
        SharedFunctionalGroupsSequence=groups(
            {"OpticalPathIdentificationSequence": item(OpticalPathIdentifier="2")}
        ),
    )
    assert read_icc_profile(opened(tmp_path, dataset), 0)[0] == SRGB


@pytest.mark.parametrize(
    "profile",
    [
        b"short!",
        bytes(200),
        SRGB[:16] + b"GRAY" + SRGB[20:],
        struct.pack(">I", len(SRGB) + 1000) + SRGB[4:],
    ],
)
def test_what_is_no_profile_for_rgb_is_left_out_and_said(tmp_path: Path, profile: bytes) -> None:
    instance = opened(tmp_path, image(**COLOR, ICCProfile=profile))
    found, repairs = read_icc_profile(instance, 0)
    assert found is None
    assert [each.code for each in repairs] == ["icc-profile"]


def test_an_absent_profile_is_no_failure(tmp_path: Path) -> None:
    assert read_icc_profile(opened(tmp_path, image(**COLOR)), 0) == (None, ())


def test_frames_share_one_copy_of_the_profile(tmp_path: Path) -> None:
    dataset = image(
        **{**COLOR, "PixelData": bytes(36)}, NumberOfFrames=2, ICCProfile=SRGB + b"\0\0"
    )
    instance = opened(tmp_path, dataset)
    assert read_icc_profile(instance, 0)[0] is read_icc_profile(instance, 1)[0]
