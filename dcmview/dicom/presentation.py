"""What surrounds a picture: display shutter, shape of its pixels, colour profile."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.model import PixelAspect, Repair, Shutter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

LARGEST_PROFILE_BYTES = 4 * 1024 * 1024

# PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio is for images that give no spacing.
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_FARTHEST = 1 << 20  # images have at most 65,535 rows and columns; more would overflow later on
_LONGEST_DIRECTION = 16  # a code string; what is longer is none
_SQUARE_WITHIN = 1e-4  # spacings are written with few digits
_MOST_STRETCHED = 50.0  # beyond that a number is wrong, not a pixel

_PROFILE_SIZE, _PROFILE_SPACE, _PROFILE_SIGNATURE = slice(0, 4), slice(16, 20), slice(36, 40)


def read_shutter(instance: Instance, frame_index: int) -> tuple[Shutter | None, tuple[Repair, ...]]:
    """Read what of a frame is to be seen.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based; enhanced objects have a shutter for each frame.

    Returns
    -------
    tuple of Shutter or None, and repairs
        Shapes that make no sense are left out and listed; None where none is left.

    References
    ----------
    DICOM PS3.3 C.7.6.11, Display Shutter Module.
    DICOM PS3.3 C.7.6.15, Bitmap Display Shutter Module.
    """
    macro = next(instance.groups.macros(frame_index, "FrameDisplayShutterSequence"), None)
    dataset = macro[0].dataset if macro else instance.dataset
    shapes = elements.text(dataset, "ShutterShape").upper().split("\\")
    if shapes == [""]:
        return None, ()
    edges = circle = overlay_group = None
    polygon: tuple[tuple[int, int], ...] = ()
    repairs: list[Repair] = []
    for shape in shapes:
        if shape == "RECTANGULAR":
            edges = _edges(dataset)
        elif shape == "CIRCULAR":
            circle = _circle(dataset)
        elif shape == "POLYGONAL":
            polygon = _polygon(dataset)
        elif shape == "BITMAP":
            overlay_group = elements.integer(dataset, "ShutterOverlayGroup", 0)[0] or None
        is_found = {
            "RECTANGULAR": edges is not None,
            "CIRCULAR": circle is not None,
            "POLYGONAL": polygon != (),
            "BITMAP": overlay_group is not None,
        }.get(shape, False)
        if not is_found:
            name = elements.element_name("ShutterShape")
            repairs.append(Repair("shutter", name, f"{shape} without its numbers", "left out"))
    if edges is None and circle is None and not polygon and overlay_group is None:
        return None, tuple(repairs)
    return Shutter(edges, circle, polygon, overlay_group, _grey_level(dataset)), tuple(repairs)


def _edges(dataset: Dataset) -> tuple[int, int, int, int] | None:
    names = (
        "ShutterLeftVerticalEdge",
        "ShutterRightVerticalEdge",
        "ShutterUpperHorizontalEdge",
        "ShutterLowerHorizontalEdge",
    )
    found = [_whole(dataset, name)[:1] for name in names]
    if not all(found):
        return None
    left, right, upper, lower = (each for (each,) in found)
    return (left, right, upper, lower) if left <= right and upper <= lower else None


def _circle(dataset: Dataset) -> tuple[int, int, int] | None:
    center = _whole(dataset, "CenterOfCircularShutter")
    radius = _whole(dataset, "RadiusOfCircularShutter")
    if len(center) != 2 or len(radius) != 1 or radius[0] < 1:
        return None
    return center[0], center[1], radius[0]


def _polygon(dataset: Dataset) -> tuple[tuple[int, int], ...]:
    """Row and column in turn; fewer than three vertices enclose nothing."""
    values = _whole(dataset, "VerticesOfThePolygonalShutter")
    vertices = tuple(zip(values[0::2], values[1::2], strict=False))
    return vertices if len(vertices) >= 3 else ()


def _whole(dataset: Dataset, keyword: str) -> tuple[int, ...]:
    found, _ = elements.numbers(dataset, keyword)
    return tuple(int(min(max(each, -_FARTHEST), _FARTHEST)) for each in found if each is not None)


def _grey_level(dataset: Dataset) -> int:
    """P-values run from 0 to 65,535, as does L* of a CIELab colour (PS3.3 C.10.7.1.1)."""
    for keyword in ("ShutterPresentationValue", "ShutterPresentationColorCIELabValue"):
        found = _whole(dataset, keyword)
        if found:
            return min(max(found[0], 0), 65535) * 255 // 65535
    return 0


def read_pixel_aspect(
    instance: Instance, frame_index: int
) -> tuple[PixelAspect, tuple[Repair, ...]]:
    """Read height and width of a pixel, from the spacing where there is one.

    A spacing between pixels on the detector has the same shape as one in the
    patient, so any serves. Regions of ultrasound images have spacings of their
    own, which say nothing of the picture as a whole.

    References
    ----------
    DICOM PS3.3 C.7.6.3.1.7, Pixel Aspect Ratio.
    DICOM PS3.3 C.7.6.16.2.1, Pixel Measures Macro.
    """
    repairs: list[Repair] = []
    for place, keyword in _aspect_places(instance, frame_index):
        aspect = _aspect(place.dataset, keyword)
        if aspect is not None:
            return aspect, tuple(repairs)
        found = elements.text(place.dataset, keyword)
        name = elements.element_name(keyword)
        repairs.append(Repair("pixel-aspect", name, found, "no account of it"))
    return PixelAspect(), tuple(repairs)


def read_patient_orientation(instance: Instance) -> tuple[str, ...]:
    """Read the directions of rows and columns in letters; empty without both of them.

    References
    ----------
    DICOM PS3.3 C.7.6.1.1.1, Patient Orientation.
    """
    letters = elements.text(instance.dataset, "PatientOrientation").split("\\")
    directions = tuple(each.strip()[:_LONGEST_DIRECTION] for each in letters)
    return directions if len(directions) == 2 and all(directions) else ()


def pixel_aspect_place(instance: Instance, frame_index: int) -> tuple[Place, str] | None:
    """Find the element that decides on the shape of a pixel, and where it lies."""
    for place, keyword in _aspect_places(instance, frame_index):
        if _aspect(place.dataset, keyword) is not None:
            return place, keyword
    return None


def _aspect_places(instance: Instance, frame_index: int) -> Iterator[tuple[Place, str]]:
    """Elements that may decide, what comes first first."""
    for places in instance.groups.macros(frame_index, "PixelMeasuresSequence"):
        if elements.text(places[0].dataset, "PixelSpacing"):
            yield places[0], "PixelSpacing"
    top = Place(instance.dataset)
    for keyword in (*_SPACINGS, "PixelAspectRatio"):
        if elements.text(top.dataset, keyword):
            yield top, keyword


def _aspect(dataset: Dataset, keyword: str) -> PixelAspect | None:
    """The shape that an element gives; None where it makes no sense."""
    values = elements.numbers(dataset, keyword)[0][:2]
    vertical, horizontal = values if len(values) == 2 else (None, None)
    if vertical is None or horizontal is None or min(vertical, horizontal) <= 0:
        return None
    ratio = vertical / horizontal
    if not 1 / _MOST_STRETCHED <= ratio <= _MOST_STRETCHED:
        return None
    return PixelAspect() if abs(ratio - 1) <= _SQUARE_WITHIN else PixelAspect(vertical, horizontal)


def read_icc_profile(
    instance: Instance, frame_index: int
) -> tuple[bytes | None, tuple[Repair, ...]]:
    """Read the ICC profile of a colour image or of the optical path of its frame.

    Returns
    -------
    tuple of bytes or None, and repairs
        A profile that is none, or not for RGB, is left out.

    References
    ----------
    DICOM PS3.3 C.11.15, ICC Profile Module.
    DICOM PS3.3 C.8.12.5, Optical Path Module.
    """
    for place in (*_optical_paths(instance, frame_index), Place(instance.dataset)):
        element = elements.stored_element(place.dataset, "ICCProfile")
        content = element.value if element is not None else None
        if not content:
            continue
        problem = _profile_problem(content)
        if problem:
            name = elements.element_name("ICCProfile")
            return None, (Repair("icc-profile", name, problem, "left out"),)
        (size,) = struct.unpack(">I", content[_PROFILE_SIZE])
        return _profile(content, size), ()
    return None, ()


@lru_cache(maxsize=32)
def _profile(content: bytes, size_bytes: int) -> bytes:
    """A profile without its padding, once for all frames that have it."""
    return content[:size_bytes]


def _optical_paths(instance: Instance, frame_index: int) -> tuple[Place, ...]:
    """The optical path of a frame, by its identifier where there are several."""
    paths = Place(instance.dataset).items("OpticalPathSequence")
    macro = next(instance.groups.macros(frame_index, "OpticalPathIdentificationSequence"), None)
    if macro is None:
        return paths[:1]
    wanted = elements.text(macro[0].dataset, "OpticalPathIdentifier")
    return tuple(
        path for path in paths if elements.text(path.dataset, "OpticalPathIdentifier") == wanted
    )


def _profile_problem(content: object) -> str:
    if not isinstance(content, bytes) or len(content) < 128:
        return "too short for a profile"
    (size,) = struct.unpack(">I", content[_PROFILE_SIZE])
    if content[_PROFILE_SIGNATURE] != b"acsp" or not 128 <= size <= len(content):
        return "not a profile"
    if size > LARGEST_PROFILE_BYTES:
        return f"a profile of {size:,} bytes"
    if content[_PROFILE_SPACE] != b"RGB ":
        return f"a profile for {content[_PROFILE_SPACE].decode('latin-1').strip()}"
    return ""
