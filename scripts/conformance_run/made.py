"""Small files that combine what real ones seldom do, drawn at random from a seed.

Real files agree with most viewers because viewers were written with them at
hand. Here every choice of the Image Pixel, Modality LUT and VOI LUT Modules
meets every other sooner or later.
"""

from __future__ import annotations

import random
import subprocess
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from conformance_run import dcmtk
from conformance_run.corpus import MADE, Case

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Bits Allocated, Bits Stored, High Bit.
_GRAY_BITS = (
    (8, 8, 7),
    (8, 6, 5),
    (16, 16, 15),
    (16, 12, 11),
    (16, 12, 15),
    (16, 10, 12),
    (16, 9, 8),
    (32, 32, 31),
    (32, 20, 19),
    (1, 1, 0),
)
_COLOR_BITS = ((8, 8, 7), (16, 16, 15), (16, 12, 11))
_NATIVE_SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
# DCMTK's encoders; lossy ones get no twin.
_DCMTK_ENCODERS = {
    "dcmcrle": ["dcmcrle"],
    "jpeg-lossless": ["dcmcjpeg", "+el"],
    "jpeg-lossless-sv1": ["dcmcjpeg", "+e1"],
    "jpeg-ls": ["dcmcjpls", "+el"],
    "jpeg-ls-near": ["dcmcjpls", "+en"],
    "jpeg-baseline": ["dcmcjpeg", "+eb"],
    "jpeg-extended": ["dcmcjpeg", "+ee"],
}
# Functional group macros and what they hold.
_MACROS = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction"),
}
_LOSSY = ("jpeg-ls-near", "jpeg-baseline", "jpeg-extended")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


SEED = 20261121


def make_cases(folder: Path, count: int, *, seed: int = SEED) -> list[Case]:
    """Write that many files, and compressed copies of some, into a folder."""
    cases: list[Case] = []
    for number in range(count):
        draw = random.Random(f"{seed}-{number}")
        ds, words = (_gray if draw.random() < 0.7 else _color)(draw)
        syntax = draw.choice(_NATIVE_SYNTAXES)
        path = folder / f"{number:03d}-{words}.dcm"
        plain = folder / f"{number:03d}-plain.dcm"
        _save(ds, plain, ExplicitVRLittleEndian)
        _save(_in_byte_order(ds, syntax), path, syntax)
        cases.append(Case(MADE, path.name, str(path), str(plain)))
        cases += _compressed(draw, ds, plain, folder, f"{number:03d}-{words}")
    return cases


def _gray(draw: random.Random) -> tuple[Dataset, str]:
    ds = _empty(draw)
    allocated, stored, high = draw.choice(_GRAY_BITS)
    is_signed = draw.random() < 0.4 and allocated > 1
    ds.PhotometricInterpretation = draw.choice(("MONOCHROME1", "MONOCHROME2"))
    ds.SamplesPerPixel = 1
    kind = draw.choice(("integer",) * 8 + ("float", "double"))
    if kind == "integer":
        _set_samples(ds, draw, allocated, stored, high, is_signed=is_signed)
    else:
        allocated, stored, is_signed = (32 if kind == "float" else 64), 16, True
        ds.BitsAllocated = allocated
        values = np.random.default_rng(draw.getrandbits(32)).normal(0, 5000, _shape(ds))
        if kind == "float":
            ds.FloatPixelData = values.astype("<f4").tobytes()
        else:
            ds.DoubleFloatPixelData = values.astype("<f8").tobytes()
    low, top = (-(1 << stored - 1), (1 << stored - 1) - 1) if is_signed else (0, (1 << stored) - 1)
    modality = _add_modality(ds, draw, low, top) if kind == "integer" else "none"
    voi = _add_voi(ds, draw, low, top) if stored > 1 else "none"
    if draw.random() < 0.3 and kind == "integer" and 8 <= stored <= 16:
        vr = "SS" if is_signed else "US"
        ds.add_new("PixelPaddingValue", vr, low)
        if draw.random() < 0.5:
            ds.add_new("PixelPaddingRangeLimit", vr, low + (top - low) // 4)
    if draw.random() < 0.3:
        ds.PresentationLUTShape = draw.choice(("IDENTITY", "INVERSE"))
        if ds.PhotometricInterpretation == "MONOCHROME1":
            ds.PresentationLUTShape = "INVERSE"
    sign = "s" if is_signed else "u"
    words = f"gray-{kind}-{sign}{stored}of{allocated}h{high}-{modality}-{voi}"
    if "NumberOfFrames" in ds and draw.random() < 0.5:
        _move_to_groups(ds, draw)
        words += "-groups"
    return ds, words


def _move_to_groups(ds: Dataset, draw: random.Random) -> None:
    """Give each frame, or all together, the rescale and the windows in functional groups."""
    for macro, keywords in _MACROS.items():
        if any(keyword not in ds for keyword in keywords[:2]):
            continue
        moved = Dataset()
        for keyword in keywords:
            if keyword in ds:
                moved[keyword] = ds[keyword]
                if draw.random() < 0.8:  # else the top level has it too, and loses
                    del ds[keyword]
        if draw.random() < 0.3:
            setattr(_group(ds, "SharedFunctionalGroupsSequence", 0), macro, [moved])
            continue
        for frame_index in range(int(ds.NumberOfFrames)):
            own = deepcopy(moved)
            if macro == "FrameVOILUTSequence":
                own.WindowWidth = [
                    f"{float(width) * (frame_index + 1):.6g}" for width in _many(own.WindowWidth)
                ]
            else:
                own.RescaleIntercept = f"{float(moved.RescaleIntercept) + frame_index}"
            setattr(_group(ds, "PerFrameFunctionalGroupsSequence", frame_index), macro, [own])


def _group(ds: Dataset, sequence: str, frame_index: int) -> Dataset:
    if sequence not in ds:
        count = int(ds.NumberOfFrames) if sequence.startswith("PerFrame") else 1
        setattr(ds, sequence, [Dataset() for _ in range(count)])
    found: Dataset = ds[sequence].value[frame_index]
    return found


def _many(value: Any) -> list[Any]:
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]


def _color(draw: random.Random) -> tuple[Dataset, str]:
    ds = _empty(draw)
    interpretation = draw.choice(("RGB", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"))
    ds.PhotometricInterpretation = interpretation
    if interpretation == "PALETTE COLOR":
        ds.SamplesPerPixel = 1
        allocated, stored, high = draw.choice(((8, 8, 7), (16, 16, 15), (16, 12, 11)))
        is_signed = draw.random() < 0.2
        _set_samples(ds, draw, allocated, stored, high, is_signed=is_signed)
        table = _add_palette(ds, draw, stored, is_signed=is_signed)
        return ds, f"palette-{'s' if is_signed else 'u'}{stored}of{allocated}-{table}"
    ds.SamplesPerPixel = 3
    ds.PlanarConfiguration = 0 if interpretation == "YBR_FULL_422" else draw.choice((0, 1))
    allocated, stored, high = (8, 8, 7) if interpretation != "RGB" else draw.choice(_COLOR_BITS)
    if interpretation == "YBR_FULL_422":
        ds.Columns += ds.Columns % 2
    if draw.random() < 0.3:
        ds.WindowCenter, ds.WindowWidth = 20, 10  # of no meaning in colour
    _set_samples(ds, draw, allocated, stored, high, is_signed=False)
    return ds, f"color-{interpretation}-{stored}of{allocated}-planar{ds.PlanarConfiguration}"


def _empty(draw: random.Random) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID = _SECONDARY_CAPTURE
    ds.SOPInstanceUID = f"1.2.826.0.1.3680043.10.1.{draw.getrandbits(60)}"
    ds.Rows, ds.Columns = (draw.choice((3, 7, 20, 33, 50, 64)) for _ in range(2))
    if draw.random() < 0.3:
        ds.NumberOfFrames = draw.randint(2, 4)
    return ds


def _shape(ds: Dataset) -> tuple[int, ...]:
    shape = (int(ds.get("NumberOfFrames") or 1), ds.Rows, ds.Columns)
    return shape if ds.SamplesPerPixel == 1 else (*shape, int(ds.SamplesPerPixel))


def _set_samples(
    ds: Dataset, draw: random.Random, allocated: int, stored: int, high: int, *, is_signed: bool
) -> None:
    """A gradient with noise over the whole range, and junk in the bits that are not used."""
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, high
    ds.PixelRepresentation = int(is_signed)
    chance = np.random.default_rng(draw.getrandbits(32))
    shape = _shape(ds)
    if ds.PhotometricInterpretation == "YBR_FULL_422":
        shape = (*shape[:-1], 2)  # Y1 Y2 Cb Cr for two pixels
    patterns = chance.integers(0, 1 << stored, shape, np.uint64)
    if draw.random() < 0.6:  # smooth, as images are
        ramp = np.linspace(0, (1 << stored) - 1, int(np.prod(shape))).astype(np.uint64)
        patterns = ramp.reshape(shape) ^ (patterns & np.uint64(3 if stored > 3 else 0))
    if allocated == 1:
        _set_pixel_data(ds, np.packbits(patterns.ravel().astype(np.uint8), bitorder="little"))
        return
    cells = patterns << np.uint64(high + 1 - stored)
    if draw.random() < 0.5 and allocated > stored:
        ds.ImageComments = "junk in the bits that are not used"
        used = ((1 << stored) - 1) << (high + 1 - stored)
        unused = ((1 << allocated) - 1) & ~used
        cells |= chance.integers(0, 1 << allocated, shape, np.uint64) & np.uint64(unused)
    elif is_signed and stored < allocated and high == stored - 1:
        negative = patterns >> np.uint64(stored - 1) & np.uint64(1)
        cells |= negative * np.uint64(((1 << allocated) - 1) & ~((1 << stored) - 1))
    if ds.get("PlanarConfiguration") == 1:
        cells = np.moveaxis(cells, -1, 1)
    _set_pixel_data(ds, np.ascontiguousarray(cells.astype(f"<u{allocated // 8}")))


def _set_pixel_data(ds: Dataset, cells: NDArray[Any]) -> None:
    content = cells.tobytes()
    ds.add_new("PixelData", "OW", content + b"\0" * (len(content) % 2))


def _add_modality(ds: Dataset, draw: random.Random, low: int, top: int) -> str:
    kind = draw.choice(("none", "rescale", "rescale", "lut"))
    if kind == "rescale":
        slopes = ("1", "2", "0.5", "-1", "0.00012", "-0.25")
        # DCMTK keeps modality values in 32 bits.
        ds.RescaleSlope = draw.choice(slopes if top <= 0xFFFF else ("0.5", "0.00012", "-0.25"))
        ds.RescaleIntercept = draw.choice(("0", "-1024", "0.5", "1000"))
    elif kind == "lut":
        count = draw.choice((1, 16, 256, min(top - low + 1, 4096)))
        first = draw.randint(low // 2, max(low // 2 + 1, low // 2 + (top - low) // 2))
        first = max(min(first, 32767 if low else 65535), -32768)
        bits = draw.choice((12, 16))
        ds.ModalityLUTSequence = [_lut(draw, count, first, bits, is_signed=low < 0)]
        ds.ModalityLUTSequence[0].ModalityLUTType = "US"
    return kind


def _add_voi(ds: Dataset, draw: random.Random, low: int, top: int) -> str:
    kind = draw.choice(("none", "linear", "linear", "exact", "sigmoid", "lut", "both"))
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    span, middle = (top - low) * abs(slope), (low + top) / 2 * slope + intercept
    if "ModalityLUTSequence" in ds:
        span, middle = 4095.0, 2047.5
    if kind not in ("none", "lut"):
        count = draw.choice((1, 1, 2, 3))
        widths = [f"{span * draw.uniform(0.05, 1.5):.6g}" for _ in range(count)]
        if draw.random() < 0.2 and kind != "sigmoid":
            widths[0] = draw.choice(("1", "2", "1.5", "0.5"))
        ds.WindowWidth = widths
        ds.WindowCenter = [f"{middle + span * draw.uniform(-0.4, 0.4):.6g}" for _ in widths]
        functions = {"exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
        if kind in functions:
            ds.VOILUTFunction = functions[kind]
    if kind in ("lut", "both"):
        lowest = middle - span / 2
        count = draw.choice((2, 100, 256, 1024, 65536))
        is_signed = lowest < 0
        first = int(middle - span * draw.uniform(0, 0.5))
        first = max(min(first, 32767 if is_signed else 65535), -32768 if is_signed else 0)
        bits = draw.choice((8, 10, 12, 16))
        ds.VOILUTSequence = [_lut(draw, count, first, bits, is_signed=is_signed)]
    return kind


def _lut(draw: random.Random, count: int, first: int, bits: int, *, is_signed: bool) -> Dataset:
    item = Dataset()
    item.add_new(
        "LUTDescriptor",
        "SS" if is_signed else "US",
        _descriptor(count, first, bits, is_signed=is_signed),
    )
    entries = np.sort(
        np.random.default_rng(draw.getrandbits(32)).integers(0, 1 << bits, count, np.uint32)
    )
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def _descriptor(count: int, first: int, bits: int, *, is_signed: bool) -> list[int]:
    words = [count & 0xFFFF, first, bits]
    if is_signed:
        words[0] -= 0x10000 if words[0] > 0x7FFF else 0
    return words


def _add_palette(ds: Dataset, draw: random.Random, stored: int, *, is_signed: bool) -> str:
    count = draw.choice((16, 200, 256, 1 << stored))
    bits = draw.choice((8, 8, 16))
    first = draw.choice((0, 0, 5, -8 if is_signed else 20))
    chance = np.random.default_rng(draw.getrandbits(32))
    for color in ("Red", "Green", "Blue"):
        keyword = f"{color}PaletteColorLookupTable"
        ds.add_new(
            f"{keyword}Descriptor",
            "SS" if is_signed else "US",
            _descriptor(count, first, bits, is_signed=is_signed),
        )
        entries = chance.integers(0, 1 << bits, count, np.uint32)
        content = entries.astype("u1" if bits == 8 else "<u2").tobytes()
        ds.add_new(f"{keyword}Data", "OW", content + b"\0" * (len(content) % 2))
    return f"{count}x{bits}"


def _in_byte_order(ds: Dataset, syntax: str) -> Dataset:
    """Turn samples and tables round for a big endian file; pydicom leaves them as they are."""
    if syntax != ExplicitVRBigEndian:
        return ds
    turned = Dataset()
    for element in ds:
        value = element.value
        if element.VR == "SQ":
            value = [_in_byte_order(item, syntax) for item in value]
        elif element.VR in ("OW", "OF", "OD"):
            size = {"OF": 4, "OD": 8}.get(element.VR, 2)
            if element.keyword == "PixelData" and ds.BitsAllocated == 32:
                size = 4
            value = np.frombuffer(value, f"<u{size}").astype(f">u{size}").tobytes()
        turned.add_new(element.tag, element.VR, value)
    return turned


def _save(ds: Dataset, path: Path, syntax: str) -> None:
    copy = deepcopy(ds)
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = UID(syntax)
    copy.save_as(path, enforce_file_format=True)


def _compressed(
    draw: random.Random, ds: Dataset, plain: Path, folder: Path, name: str
) -> list[Case]:
    cases: list[Case] = []
    if "PixelData" not in ds or ds.PhotometricInterpretation == "YBR_FULL_422":
        return cases
    # DCMTK encodes planes of several frames in the wrong order.
    takes_planes = ds.get("PlanarConfiguration") != 1 or "NumberOfFrames" not in ds
    if dcmtk.is_installed() and ds.BitsAllocated in (8, 16) and takes_planes:
        encoder = draw.choice(list(_DCMTK_ENCODERS))
        if encoder == "jpeg-ls-near" and ds.BitsStored < 8:
            encoder = "jpeg-ls"  # newer releases of DCMTK's own codec refuse what it writes
        path = folder / f"{name}-{encoder}.dcm"
        done = subprocess.run(
            [*_DCMTK_ENCODERS[encoder], str(plain), str(path)], capture_output=True, check=False
        )
        if done.returncode == 0 and path.exists():
            twin = None if encoder in _LOSSY else str(plain)
            cases.append(Case(MADE, path.name, str(path), twin))
    if ds.get("PlanarConfiguration") == 1:
        return cases  # pydicom encodes the planes as if they were pixels
    if ds.BitsAllocated in (8, 16):
        cases.extend(_encoded(ds, RLELossless, plain, folder / f"{name}-rle.dcm"))
    # pydicom's encoder wants Bits Stored alone, and OpenJPEG 32 pixels for its 6 resolutions.
    is_clean = "ImageComments" not in ds and ds.BitsAllocated in (8, 16)
    if is_clean and ds.HighBit == ds.BitsStored - 1 and min(ds.Rows, ds.Columns) >= 32:
        cases.extend(_encoded(ds, JPEG2000Lossless, plain, folder / f"{name}-j2k.dcm"))
    return cases


def _encoded(ds: Dataset, syntax: UID, plain: Path, path: Path) -> list[Case]:
    copy = deepcopy(ds)
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    try:
        copy.compress(syntax, generate_instance_uid=False)
    except ValueError:
        return []  # PS3.5 8.2 has no such samples in this syntax, and pydicom keeps to it
    copy.save_as(path, enforce_file_format=True)
    return [Case(MADE, path.name, str(path), str(plain))]
