"""What is said of a file beside its pictures: how fast it plays, and what compression took."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeGuard

from dcmview.dicom import elements
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.transfer import Codec, TransferSyntax, transfer_syntax
from dcmview.model import FileDetails

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

SLOWEST_FPS, FASTEST_FPS = 0.1, 1000.0
"""Beyond these a number says how long a frame was taken, or nothing."""
EVEN_WITHIN = 0.01
"""Frame times that differ by less, relative to their mean, are one time."""

# Lossy Image Compression Method (0028,2114), PS3.3 C.7.6.1.1.5.1.
_METHODS = {
    "ISO_10918_1": "JPEG",
    "ISO_14495_1": "JPEG-LS",
    "ISO_15444_1": "JPEG 2000",
    "ISO_15444_15": "HTJ2K",
    "ISO_18181_1": "JPEG XL",
    "ISO_13818_2": "MPEG2",
    "ISO_14496_10": "MPEG-4",
    "ISO_23008_2": "HEVC",
}
_CODECS = {
    Codec.JPEG: "JPEG",
    Codec.JPEG_LS: "JPEG-LS",
    Codec.JPEG_2000: "JPEG 2000",
    Codec.HTJ2K: "HTJ2K",
    Codec.JPEG_XL: "JPEG XL",
}
_ALWAYS_LOSSY = (Codec.JPEG, Codec.UNSUPPORTED)
"""Their lossy syntaxes have no lossless mode, as JPEG 2000, JPEG-LS and JPEG XL have."""
_MOST_COMPRESSIONS = 8


def read_details(instance: Instance) -> FileDetails:
    """Read frame rate and loss of a file.

    References
    ----------
    DICOM PS3.3 C.7.6.5, Cine Module.
    DICOM PS3.3 C.7.6.1.1.5, Lossy Image Compression.
    """
    with recorded_warnings():  # what they warn of was said when the header was read
        rate, source, times = _frame_rate(instance)
        lossy = lossy_words(instance.dataset, transfer_syntax(instance.transfer_syntax_uid))
    return FileDetails(rate, source, times, lossy)


def lossy_words(dataset: Dataset, syntax: TransferSyntax) -> str:
    """Say how an image was compressed with loss, such as ``JPEG, ratio 12:1``; else empty.

    A file that says ``00`` is believed where its syntax has a lossless mode too.
    """
    flag = elements.text(dataset, "LossyImageCompression")
    is_lossy = flag == "01" or (syntax.lossy and (flag != "00" or syntax.codec in _ALWAYS_LOSSY))
    if not is_lossy:
        return ""
    methods = elements.text(dataset, "LossyImageCompressionMethod").split("\\")
    names = [_METHODS[method.strip()] for method in methods if method.strip() in _METHODS]
    if not names and syntax.lossy:
        names = [_CODECS.get(syntax.codec, syntax.name)]
    ratios = [
        f"ratio {ratio:.3g}:1"
        for ratio in elements.numbers(dataset, "LossyImageCompressionRatio")[0]
        if ratio is not None and ratio >= 1
    ][:_MOST_COMPRESSIONS]
    if names and len(names) == len(ratios):  # one of each for every time it was compressed
        return ", then ".join(f"{name}, {ratio}" for name, ratio in zip(names, ratios, strict=True))
    return ", ".join((*names[-1:], *ratios[-1:])) or "method unknown"


def _frame_rate(instance: Instance) -> tuple[float | None, str, tuple[float, ...]]:
    """Frames a second, the keyword that gives them, and durations where they differ."""
    dataset = instance.dataset
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = elements.number(dataset, keyword)[0]
        if _is_rate(rate):
            return rate, keyword, ()
    rate = _per_second(elements.number(dataset, "FrameTime")[0])
    if rate is not None:
        return rate, "FrameTime", ()
    times = _durations(dataset, instance.layout.frame_count)
    rate = _per_second(sum(times) / len(times)) if times else None
    if rate is not None:
        mean_ms = 1000 / rate
        is_even = max(abs(time - mean_ms) for time in times) <= EVEN_WITHIN * mean_ms
        return rate, "FrameTimeVector", () if is_even else times
    return _acquired_rate(instance)


def _durations(dataset: Dataset, frame_count: int) -> tuple[float, ...]:
    """How long each frame stands, in ms; the last one as long as the others do on average.

    Frame Time Vector (0018,1065) holds the time from the frame before, so its first value is
    of no account.
    """
    values = elements.numbers(dataset, "FrameTimeVector")[0]
    times = [value for value in values[1:frame_count] if value is not None and value > 0]
    if not times or len(times) != frame_count - 1:
        return ()
    return (*times, sum(times) / len(times))


def _acquired_rate(instance: Instance) -> tuple[float | None, str, tuple[float, ...]]:
    """How fast frames were taken, where they follow each other in time and not in space."""
    groups = instance.groups
    is_spatial = elements.text(instance.dataset, "ImagePositionPatient") != "" or any(
        groups.macros(0, "PlanePositionSequence")
    )
    if instance.layout.frame_count == 1 or is_spatial:
        return None, "", ()
    content = next(groups.macros(0, "FrameContentSequence"), None)
    if content is not None:
        rate = _per_second(elements.number(content[0].dataset, "FrameAcquisitionDuration")[0])
        if rate is not None:
            return rate, "FrameAcquisitionDuration", ()
    rate = _per_second(elements.number(instance.dataset, "ActualFrameDuration")[0])
    return (None, "", ()) if rate is None else (rate, "ActualFrameDuration", ())


def _per_second(time_ms: float | None) -> float | None:
    rate = 1000 / time_ms if time_ms else None
    return rate if _is_rate(rate) else None


def _is_rate(rate: float | None) -> TypeGuard[float]:
    return rate is not None and math.isfinite(rate) and SLOWEST_FPS <= rate <= FASTEST_FPS
