"""Raw values of elements -> the parts of a header; whatever is not plain is declined.

The order of the values is that of the tables in `header`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcmview.dicom import plain
from dcmview.dicom.plain import Declined
from dcmview.model import Acquisition, PixelLayout, SharedHeader, VoiFunction, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

# Those of the texts behind the character set that are written in it.
CODED_TEXTS = {
    4: ("study_description", plain.text),
    5: ("series_description", plain.text),
    6: ("patient_name", plain.name),
    7: ("patient_id", plain.text),
}

KnownTexts = dict[tuple[bytes | None, int, bytes | None], str]
"""Text by character set, place among the texts and raw value."""
NO_TEXT = -1
"""The place that says that pydicom knows a character set."""


def read_texts(
    raw: Sequence[bytes | None], syntax_uid: str, known: KnownTexts
) -> tuple[SharedHeader, str]:
    """Give the texts of a header, and the codec of their character set."""
    character_set, *texts = raw
    codec = plain.CODECS.get((character_set or b"").rstrip(b" "))
    if codec is None and (character_set, NO_TEXT, None) not in known:
        raise Declined
    coded: dict[str, Any] = {}
    for number, (name, read) in CODED_TEXTS.items():
        text = known.get((character_set, number, texts[number]))
        if text is None:
            if codec is None and texts[number]:
                raise Declined
            text = read(texts[number], codec or "ascii")
        coded[name] = text
    sop_class, date, time, modality, *_, study_uid, series_uid, number_text = texts
    if not sop_class:
        raise Declined
    header = SharedHeader(
        study_instance_uid=plain.code(study_uid, plain.UI),
        study_date=plain.code(date, plain.DA),
        study_time=plain.code(time, plain.TM),
        series_instance_uid=plain.code(series_uid, plain.UI),
        series_number=plain.code(number_text, plain.IS),
        modality=plain.code(modality, plain.CS),
        sop_class_uid=plain.code(sop_class, plain.UI),
        transfer_syntax_uid=syntax_uid,
        **coded,
    )
    return header, codec or "ascii"


def read_layout(raw: Sequence[bytes | None]) -> PixelLayout:
    """Give the Image Pixel Module, as `dcmview.dicom.layout` reads it."""
    samples, interpretation, planar, frames, *sizes = raw
    rows, columns, allocated, stored, high, representation = (plain.whole(each) for each in sizes)
    name = plain.code(interpretation, plain.CS)
    samples_per_pixel = plain.whole(samples)
    frame_count = int(plain.code(frames, plain.IS) or 1)
    is_plain = (
        rows > 0
        and columns > 0
        and frame_count > 0
        and 1 <= stored <= allocated
        and stored - 1 <= high < allocated
        and samples_per_pixel in (1, 3)
        and name != ""
        and not (samples_per_pixel == 3 and name.startswith("MONOCHROME"))
    )
    if not is_plain:
        raise Declined
    return PixelLayout(
        rows=rows,
        columns=columns,
        frame_count=frame_count,
        samples_per_pixel=samples_per_pixel,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        pixel_representation=representation,
        planar_configuration=plain.whole(planar) if planar else 0,
        photometric_interpretation=name,
    )


def read_acquisition(raw: Sequence[bytes | None]) -> Acquisition:
    """Give what frames of a series have in common, as `dcmview.dicom.placement` reads it."""
    (
        image_type,
        thickness,
        echo_time,
        inversion_time,
        echo_number,
        between_slices,
        magnification,
        tilt,
        imager_spacing,
        b_value,
        orientation,
        frame_of_reference,
        temporal_position,
        pixel_spacing,
        calibration_type,
    ) = raw
    temporal = plain.code(temporal_position, plain.IS)
    image_types = (image_type or b"").split(b"\\")
    return Acquisition(
        orientation=plain.several(orientation, 6),
        pixel_spacing=plain.several(pixel_spacing, 2),
        imager_pixel_spacing=plain.several(imager_spacing, 2),
        pixel_spacing_calibration_type=plain.code(calibration_type, plain.CS),
        estimated_magnification=plain.decimal(magnification),
        slice_thickness_mm=plain.decimal(thickness),
        spacing_between_slices_mm=plain.decimal(between_slices),
        gantry_tilt_deg=plain.decimal(tilt),
        frame_of_reference_uid=plain.code(frame_of_reference, plain.UI),
        image_type=tuple(filter(None, (plain.code(part, plain.CS) for part in image_types))),
        echo_number=plain.code(echo_number, plain.IS),
        echo_time_ms=plain.decimal(echo_time),
        inversion_time_ms=plain.decimal(inversion_time),
        b_value=plain.double(b_value),
        temporal_position=int(temporal) if temporal else None,
    )


def read_window(raw: Sequence[bytes | None], codec: str) -> Window:
    """Give the first of the windows of a file, as `dcmview.dicom.windows` reads it."""
    center, width, explanation, function = raw
    centers, widths = plain.decimals(center), plain.decimals(width)
    name = plain.code(function, plain.CS) or VoiFunction.LINEAR
    is_plain = len(centers) == len(widths) > 0 and name in set(VoiFunction)
    if not is_plain or min(widths) < 1:
        raise Declined
    first = (explanation or b"").partition(b"\\")[0]
    for part in (explanation or b"").split(b"\\"):
        plain.text(part, codec)
    return Window(centers[0], widths[0], VoiFunction(name), plain.text(first, codec).strip())
