"""The picture of a frame by the formulae of PS3.3, written out in double precision.

Slow and plain on purpose: this is what our own, fast way is held against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.pixels.processing import apply_color_lut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from dcmview.model import StoredFrame

# Pixel Intensity Relationship: their Modality LUT leads to intensity, not to the display
# (DICOM PS3.3 C.8.7.1.1.2).
_XA_XRF = (
    "1.2.840.10008.5.1.4.1.1.12.1",
    "1.2.840.10008.5.1.4.1.1.12.1.1",
    "1.2.840.10008.5.1.4.1.1.12.2",
    "1.2.840.10008.5.1.4.1.1.12.2.1",
)
# Presentation LUT Shape follows Photometric Interpretation there (DICOM PS3.3 C.8.11.3).
_FIXED_SHAPE = (
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.2",
    "1.2.840.10008.5.1.4.1.1.1.3",
)


@dataclass(frozen=True)
class Expected:
    """A picture, what mapped its values, and the options that make DCMTK do the same.

    The options are None where DCMTK cannot be asked; ``modality`` is empty in colour.
    """

    picture: NDArray[np.uint8]
    mapped_by: str
    dcmtk_options: tuple[str, ...] | None = ()
    modality: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    levels_per_value: float = 1.0
    """Grey levels between two neighbouring stored values, at most."""
    levels_per_unit: float = 1.0
    """The same for modality values that are 1 apart."""


@dataclass(frozen=True)
class _Mapping:
    """Display values from 0 to 1; ``gain`` is their steepest slope by modality value."""

    display: NDArray[np.float64]
    mapped_by: str
    dcmtk_options: tuple[str, ...] | None
    gain: float


def expected_pictures(ds: Dataset, frame_index: int, stored: StoredFrame) -> list[Expected]:
    """Draw a frame in every way that the file offers, its default first.

    Parameters
    ----------
    ds : Dataset
        The file as pydicom reads it.
    frame_index : int
        0-based.
    stored : StoredFrame
        Stored values of the frame, which are compared by themselves.
    """
    values, layout = stored.values, stored.layout
    if layout.photometric_interpretation == "PALETTE COLOR":
        return [Expected(_palette_colors(ds, values), "palette")]
    if layout.samples_per_pixel > 1:
        is_signed = ds.get("PixelRepresentation") == 1
        picture = to_rgb(
            values, layout.photometric_interpretation, layout.bits_stored, is_signed=is_signed
        )
        return [Expected(picture, "colour")]
    modality, slope = _modality(ds, frame_index, values)
    image = _image(ds, frame_index, modality, stored)
    percents = (0, 100) if layout.bits_stored == 1 else (1, 99)
    mappings = _offered(ds, frame_index, modality, _possible(ds, frame_index, stored)) or [
        _measured(modality, image, percents)
    ]
    return [_drawn(each, ds, modality, slope) for each in mappings]


def expected_full_range(ds: Dataset, frame_index: int, stored: StoredFrame) -> Expected:
    """Draw a grey frame from its lowest to its highest value, padding left out."""
    modality, slope = _modality(ds, frame_index, stored.values)
    image = _image(ds, frame_index, modality, stored)
    return _drawn(_measured(modality, image, (0, 100)), ds, modality, slope)


def _image(
    ds: Dataset, frame_index: int, modality: NDArray[np.float64], stored: StoredFrame
) -> NDArray[np.float64]:
    """The modality values that count where no window is given."""
    if stored.layout.bits_stored == 1:  # 0 is black and 1 white, whichever occur
        return _modality(ds, frame_index, np.array([0, 1]))[0]
    image: NDArray[np.float64] = modality[~_padding(ds, stored.values)]
    image = image if image.size else modality.ravel()
    return image[np.isfinite(image)]


def _drawn(mapping: _Mapping, ds: Dataset, modality: NDArray[np.float64], slope: float) -> Expected:
    display = np.nan_to_num(np.clip(mapping.display, 0, 1), nan=0.0)
    levels = np.floor(display * 255 + 0.5).astype(np.uint8)
    if _is_inverted(ds):
        levels = (255 - levels).astype(np.uint8)
    per_unit = mapping.gain * 255
    return Expected(
        levels,
        mapping.mapped_by,
        mapping.dcmtk_options,
        modality,
        abs(slope) * per_unit,
        per_unit,
    )


def holders(ds: Dataset, frame_index: int, macro: str) -> Iterator[Dataset]:
    """Where the elements of a functional group macro may be: frame, shared, top."""
    frames = ds.get("PerFrameFunctionalGroupsSequence") or []
    shared = ds.get("SharedFunctionalGroupsSequence") or []
    for group in (*frames[frame_index : frame_index + 1], *shared[:1]):
        yield from (group.get(macro) or [])[:1]
    yield ds


def _palette_colors(ds: Dataset, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Look up indices in the three tables; segmented ones are left to pydicom."""
    channels: list[NDArray[np.float64]] = []
    for color in ("Red", "Green", "Blue"):
        keyword = f"{color}PaletteColorLookupTable"
        if f"{keyword}Data" not in ds:
            looked_up = apply_color_lut(stored, ds)
            top = 255 if looked_up.dtype == np.uint8 else 65535
            return np.floor(looked_up.astype(np.float64) / top * 255 + 0.5).astype(np.uint8)
        descriptor, data = ds[f"{keyword}Descriptor"].value, ds[f"{keyword}Data"].value
        first, entries, bits = _entries(
            descriptor, data, ds, is_signed=ds.get("PixelRepresentation") == 1
        )
        levels = entries / ((1 << bits) - 1) * 255
        channels.append(levels[np.clip(stored.astype(np.int64) - first, 0, levels.size - 1)])
    return np.floor(np.stack(channels, axis=-1) + 0.5).astype(np.uint8)


def to_rgb(
    stored: NDArray[Any], interpretation: str, bits_stored: int, *, is_signed: bool
) -> NDArray[np.uint8]:
    """Convert samples of three colours to 8-bit red, green and blue."""
    values = stored.astype(np.float64) + (1 << bits_stored - 1 if is_signed else 0)
    values = values / ((1 << bits_stored) - 1) * 255
    if interpretation != "RGB":
        luma, cb, cr = values[..., 0], values[..., 1] - 128, values[..., 2] - 128
        if interpretation.startswith("YBR_PARTIAL"):
            luma, cb, cr = (luma - 16) * 255 / 219, cb * 255 / 224, cr * 255 / 224
        # ITU-R BT.601: red, green and blue weigh 0.299, 0.587 and 0.114 in the luma.
        red, blue = luma + 2 * (1 - 0.299) * cr, luma + 2 * (1 - 0.114) * cb
        green = (luma - 0.299 * red - 0.114 * blue) / 0.587
        values = np.stack([red, green, blue], axis=-1)
    return np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8)


def _modality(
    ds: Dataset, frame_index: int, stored: NDArray[Any]
) -> tuple[NDArray[np.float64], float]:
    values = stored.astype(np.float64)
    if ds.get("SOPClassUID") not in _XA_XRF:
        for item in (ds.get("ModalityLUTSequence") or [])[:1]:
            table = _table(item, is_signed=ds.get("PixelRepresentation") == 1)
            if table is not None:
                first, entries, _ = table
                return entries[np.clip(values - first, 0, entries.size - 1).astype(int)], 1.0
    for holder in holders(ds, frame_index, "PixelValueTransformationSequence"):
        if holder.get("RescaleSlope") is not None:
            slope = float(holder.RescaleSlope)
            return values * slope + float(holder.get("RescaleIntercept") or 0), slope
    return values, 1.0


def _possible(ds: Dataset, frame_index: int, stored: StoredFrame) -> tuple[float, float]:
    """Lowest and highest modality value that there can be."""
    bits = stored.layout.bits_stored
    if stored.values.dtype.kind == "f":
        return float("-inf"), float("inf")
    lowest = -(1 << bits - 1) if ds.get("PixelRepresentation") == 1 else 0
    ends, _ = _modality(ds, frame_index, np.array([lowest, lowest + (1 << bits) - 1]))
    return float(ends.min()), float(ends.max())


def _offered(
    ds: Dataset,
    frame_index: int,
    modality: NDArray[np.float64],
    possible: tuple[float, float],
) -> list[_Mapping]:
    """The windows of a file, then its VOI LUTs."""
    for holder in holders(ds, frame_index, "FrameVOILUTSequence"):
        function = str(holder.get("VOILUTFunction") or "LINEAR").strip().upper()
        found = [
            _window(modality, function, number, pair, by_number=holder is ds)
            for number, pair in enumerate(_windows(holder), 1)
            if pair[1] > 0
        ]
        for number, item in enumerate(holder.get("VOILUTSequence") or [], 1):
            table = _table(item, is_signed=possible[0] < 0)
            if table is None:
                continue
            first, entries, bits = table
            positions = np.clip(np.floor(modality - first + 0.5), 0, entries.size - 1).astype(int)
            display = entries[positions] / ((1 << bits) - 1)
            steepest = float(np.abs(np.diff(entries)).max(initial=0)) / ((1 << bits) - 1)
            # DCMTK damages its own memory where a table reaches beyond what can be looked up.
            fits = possible[0] <= first and first + entries.size - 1 <= possible[1]
            options = ("+Wl", str(number)) if fits else None
            found.append(_Mapping(display, f"VOI LUT {number}", options, steepest))
        if found:
            return found
    return []


def _window(
    modality: NDArray[np.float64],
    function: str,
    number: int,
    pair: tuple[float, float],
    *,
    by_number: bool,
) -> _Mapping:
    center, width = pair
    words = f"window {number}, {function}"
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            display = 1 / (1 + np.exp(-4 * (modality - center) / width))
        return _Mapping(display, words, ("+Wfs", "+Ww", repr(center), repr(width)), 1 / width)
    if function == "LINEAR_EXACT" or width < 1:
        display = (modality - center) / width + 0.5
        return _Mapping(display, words, _exact(center, width), 1 / width)
    options = ("+Wi", str(number)) if by_number else ("+Ww", repr(center), repr(width))
    if width == 1:
        return _Mapping((modality > center - 0.5).astype(np.float64), words, options, 1)
    display = (modality - (center - 0.5)) / (width - 1) + 0.5
    return _Mapping(display, words, options, 1 / (width - 1))


def _measured(
    modality: NDArray[np.float64], image: NDArray[np.float64], percents: tuple[int, int]
) -> _Mapping:
    """A ramp between two percentiles of the image, which is our choice and not the Standard's."""
    low, high = np.percentile(image, percents).tolist() if image.size else (0.0, 0.0)
    center, width = low / 2 + high / 2, (high - low) or 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        display = (modality - center) / width + 0.5
    words = f"percentiles {percents[0]} to {percents[1]}"
    return _Mapping(display, words, _exact(center, width), 1 / width)


def _exact(center: float, width: float) -> tuple[str, ...]:
    """DCMTK knows LINEAR alone: half a value and one value more make it the same ramp."""
    return "+Ww", repr(center + 0.5), repr(width + 1)


def _windows(holder: Dataset) -> list[tuple[float, float]]:
    centers, widths = _numbers(holder, "WindowCenter"), _numbers(holder, "WindowWidth")
    return list(zip(centers, widths, strict=False))


def _numbers(holder: Dataset, keyword: str) -> list[float]:
    value = holder.get(keyword)
    if value is None or value == "":
        return []
    parts = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    return [float(part) for part in parts]


def _table(item: Dataset, *, is_signed: bool) -> tuple[int, NDArray[np.float64], int] | None:
    """First mapped value, entries and bits of a Modality or VOI LUT."""
    if "LUTDescriptor" not in item or "LUTData" not in item:
        return None
    return _entries(item.LUTDescriptor, item.LUTData, item, is_signed=is_signed)


def _entries(
    descriptor: Any, data: Any, holder: Dataset, *, is_signed: bool
) -> tuple[int, NDArray[np.float64], int]:
    count, first, bits = (int(word) for word in descriptor)
    count = count & 0xFFFF or 65536
    first &= 0xFFFF
    if (is_signed or descriptor[1] < 0) and first > 0x7FFF:
        first -= 0x10000
    if isinstance(data, bytes):
        words = np.frombuffer(
            data[: len(data) // 2 * 2], "<u2" if _is_little_endian(holder) else ">u2"
        )
        # 8-bit entries lie two in a word, the first in its low byte.
        entries = words.astype("<u2").view("u1") if len(data) < 2 * count else words
    else:
        entries = np.atleast_1d(np.array(data, np.int64)) & 0xFFFF
    return first, entries[:count].astype(np.float64), bits


def _is_little_endian(holder: Dataset) -> bool:
    return holder.original_encoding[1] is not False


def _is_inverted(ds: Dataset) -> bool:
    shape = str(ds.get("PresentationLUTShape") or "").upper()
    sop_class = str(ds.get("SOPClassUID") or "")
    if shape == "INVERSE" and not sop_class.startswith(_FIXED_SHAPE):
        return True
    return str(ds.get("PhotometricInterpretation", "")).strip() == "MONOCHROME1"


def _padding(ds: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_]:
    prefix = {"FloatPixelData": "Float", "DoubleFloatPixelData": "DoubleFloat"}
    kind = next((prefix[keyword] for keyword in prefix if keyword in ds), "")
    value = ds.get(f"{kind}PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, np.bool_)
    limit = ds.get(f"{kind}PixelPaddingRangeLimit")
    ends = sorted((float(value), float(value if limit is None else limit)))
    return (stored >= ends[0]) & (stored <= ends[1])
