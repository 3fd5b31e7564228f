"""Encoded frames as GDCM, DCMTK and OpenJPEG read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import openjpeg
import pydicom
import pytest
from support import dciodvfy
from support.transcoded import encoder_of, frame_of, layout_of, run_tool, write_file

from dcmview.errors import CannotTranscode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dcmview.model import PixelLayout

FORMATS = {
    "u8": layout_of(8, 8),
    "u8 in 16": layout_of(8, 16),
    "s7": layout_of(7, 8, signed=True),
    "u10": layout_of(10, 16, interpretation="MONOCHROME1"),
    "u12": layout_of(12, 16),
    "s12": layout_of(12, 16, signed=True),
    "u16": layout_of(16, 16),
    "s16": layout_of(16, 16, signed=True),
    "indices": layout_of(8, 8, interpretation="PALETTE COLOR"),
    "rgb": layout_of(8, 8, samples=3, interpretation="RGB"),
    "ybr": layout_of(8, 8, samples=3, interpretation="YBR_FULL"),
    "rgb12": layout_of(12, 16, samples=3, interpretation="RGB"),
}
LOSSLESS = {
    "RLELossless": "dcmdrle",
    "JPEGLosslessSV1": "dcmdjpeg",
    "JPEGLossless": "dcmdjpeg",
    "JPEGLSLossless": "dcmdjpls",
}

# What these tools get wrong of files that others, and they themselves elsewhere, read right.
DCMTK_CANNOT = {
    ("JPEGLSLossless", "s7"),  # its CharLS refuses codestreams of less than 8 bits
}
GDCM_CANNOT = {
    ("RLELossless", "s7"),  # asserts that cells of 8 bits are full
    ("JPEGLosslessSV1", "s7"),
    ("JPEGLossless", "s7"),
    ("RLELossless", "rgb12"),  # mixes the bytes of 16-bit colours up
}


def pairs(names: Iterable[str], without: set[tuple[str, str]]) -> list[Any]:
    """Every name with every format that the tool can read."""
    return [
        pytest.param(name, layout, id=f"{name} {of}")
        for name in names
        for of, layout in FORMATS.items()
        if (name, of) not in without
    ]


def read_back(path: Path, layout: PixelLayout) -> np.ndarray:
    """The samples of an uncompressed file, by its own elements and nothing else."""
    dataset = pydicom.dcmread(path)
    assert dataset.BitsStored == layout.bits_stored
    assert dataset.PixelRepresentation == layout.pixel_representation
    kind = "i" if layout.pixel_representation else "u"
    cells = np.frombuffer(dataset.PixelData, f"<u{dataset.BitsAllocated // 8}")
    count = layout.rows * layout.columns * layout.samples_per_pixel
    cells = cells[:count].astype(np.int64) & (1 << layout.bits_stored) - 1
    if kind == "i":
        half = 1 << layout.bits_stored - 1
        cells = (cells ^ half) - half
    if layout.samples_per_pixel == 1:
        return cells.reshape(layout.rows, layout.columns)
    if dataset.PlanarConfiguration == 1:
        return np.moveaxis(cells.reshape(3, layout.rows, layout.columns), 0, 2)
    return cells.reshape(layout.rows, layout.columns, 3)


def encoded(folder: Path, name: str, layout: PixelLayout, **options: Any) -> tuple[Any, Path]:
    stored = frame_of(layout)
    encoder = encoder_of(layout, name, **options)
    content = bytes(encoder.encode(stored).content)
    return stored.values, write_file(folder / "in.dcm", content, encoder, layout)


@pytest.mark.parametrize(("name", "layout"), pairs(LOSSLESS, DCMTK_CANNOT))
def test_dcmtk_decodes_the_same_values(name: str, layout: PixelLayout, tmp_path: Path) -> None:
    values, path = encoded(tmp_path, name, layout)
    # Colours as they are: DCMTK would convert YBR_FULL.
    keep = ["+cn"] if LOSSLESS[name] == "dcmdjpeg" else []
    run_tool(LOSSLESS[name], *keep, path, tmp_path / "out.dcm")
    assert np.array_equal(read_back(tmp_path / "out.dcm", layout), values)


@pytest.mark.parametrize(("name", "layout"), pairs([*LOSSLESS, "JPEG2000Lossless"], GDCM_CANNOT))
def test_gdcm_decodes_the_same_values(name: str, layout: PixelLayout, tmp_path: Path) -> None:
    values, path = encoded(tmp_path, name, layout)
    run_tool("gdcmconv", "--raw", path, tmp_path / "out.dcm")
    assert np.array_equal(read_back(tmp_path / "out.dcm", layout), values)


@pytest.mark.parametrize(
    ("name", "layout"), pairs(["JPEG2000Lossless", "HTJ2KLossless", "HTJ2KLosslessRPCL"], set())
)
def test_openjpeg_decodes_the_same_values(name: str, layout: PixelLayout) -> None:
    stored = frame_of(layout)
    content = bytes(encoder_of(layout, name).encode(stored).content)
    assert np.array_equal(openjpeg.decode(content), stored.values)
    parameters = openjpeg.get_parameters(content)
    assert parameters["precision"] == layout.bits_stored
    assert parameters["is_signed"] == bool(layout.pixel_representation)


@pytest.mark.parametrize(
    ("name", "layout", "most"),
    [
        ("JPEGBaseline8Bit", FORMATS["u8"], 8),
        ("JPEGBaseline8Bit", FORMATS["u8 in 16"], 8),
        ("JPEGExtended12Bit", FORMATS["u8"], 8),
        ("JPEGExtended12Bit", FORMATS["u12"], 60),
        ("JPEGExtended12Bit", FORMATS["u10"], 60),
    ],
)
def test_dcmtk_decodes_lossy_jpeg_as_we_do(
    name: str, layout: PixelLayout, most: int, tmp_path: Path
) -> None:
    stored = frame_of(layout)
    encoder = encoder_of(layout, name)
    frame = encoder.encode(stored)
    path = write_file(tmp_path / "in.dcm", bytes(frame.content), encoder, layout)
    run_tool("dcmdjpeg", path, tmp_path / "out.dcm")
    found = read_back(tmp_path / "out.dcm", replace(layout, bits_stored=encoder.result.bits_stored))
    errors = np.abs(found - stored.values.astype(np.int64))
    assert errors.max() <= most
    # Their DCT may round another way.
    assert frame.max_error == pytest.approx(errors.max(), abs=1)
    assert frame.mean_error == pytest.approx(errors.mean(), abs=0.1)


@pytest.mark.parametrize("name", ["u8", "u8 in 16", "u12", "s12", "u16", "rgb"])
def test_gdcm_finds_no_error_above_near(name: str, tmp_path: Path) -> None:
    layout = FORMATS[name]
    stored = frame_of(layout)
    if layout.pixel_representation:
        stored = replace(stored, values=stored.values // 2)  # away from the limits
    encoder = encoder_of(layout, "JPEGLSNearLossless", near=3)
    frame = encoder.encode(stored)
    path = write_file(tmp_path / "in.dcm", bytes(frame.content), encoder, layout)
    run_tool("gdcmconv", "--raw", path, tmp_path / "out.dcm")
    errors = np.abs(read_back(tmp_path / "out.dcm", layout) - stored.values.astype(np.int64))
    assert errors.max() == frame.max_error == 3
    assert frame.mean_error == pytest.approx(errors.mean())


@pytest.mark.parametrize("name", ["u8", "u12", "s12", "u16", "rgb", "rgb12"])
@pytest.mark.parametrize("target", ["JPEG2000", "HTJ2K"])
@pytest.mark.parametrize("options", [{"ratio": 8}, {"quality": 45}], ids=["ratio", "quality"])
def test_openjpeg_finds_the_errors_that_are_reported(
    target: str, name: str, options: dict[str, int]
) -> None:
    layout = replace(FORMATS[name], rows=150, columns=170)
    stored = frame_of(layout)
    frame = encoder_of(layout, target, **options).encode(stored)
    decoded = openjpeg.decode(bytes(frame.content)).astype(np.int64)
    errors = np.abs(decoded - stored.values)
    # Two builds of OpenJPEG round the last bit of a float another way.
    assert frame.max_error == pytest.approx(errors.max(), abs=1)
    assert frame.mean_error == pytest.approx(errors.mean(), rel=1e-3)
    assert errors.max() > 0
    if "ratio" in options:
        assert stored.values.nbytes / len(frame.content) == pytest.approx(8, rel=0.1)
    else:
        noise = np.mean(np.square(errors.astype(float)))
        decibel = 10 * np.log10((2.0**layout.bits_stored - 1) ** 2 / noise)
        assert 43 < decibel < 52


def test_colours_of_lossy_jpeg_are_close_for_dcmtk(tmp_path: Path) -> None:
    layout = FORMATS["rgb"]
    stored = frame_of(layout)
    smooth = np.repeat(np.repeat(stored.values[::8, ::8], 8, 0), 8, 1)[:37, :53]
    stored = replace(stored, values=np.ascontiguousarray(smooth))
    encoder = encoder_of(layout, "JPEGBaseline8Bit", quality=100)
    path = write_file(tmp_path / "in.dcm", bytes(encoder.encode(stored).content), encoder, layout)
    run_tool("dcmdjpeg", path, tmp_path / "out.dcm")
    assert pydicom.dcmread(tmp_path / "out.dcm").PhotometricInterpretation == "RGB"
    errors = np.abs(read_back(tmp_path / "out.dcm", layout) - smooth.astype(np.int64))
    assert np.median(errors) <= 2


@pytest.mark.parametrize("name", ["jpeg", "j2k", "jpegls", "ljpeg", "rle"])
def test_dciodvfy_has_no_word_on_the_description(name: str, tmp_path: Path) -> None:
    layout = FORMATS["rgb"]
    _, path = encoded(tmp_path, name, layout)
    about_pixels = [line for line in dciodvfy.problems(path)[1] if "(0x0028" in line]
    assert about_pixels == []


@pytest.mark.parametrize("shape", [(31, 100), (100, 31), (20, 20)], ids=str)
@pytest.mark.parametrize("target", ["JPEG2000", "HTJ2K"])
def test_frames_too_small_for_five_wavelet_levels_get_the_ratio_too(
    target: str, shape: tuple[int, int]
) -> None:
    layout = replace(FORMATS["u12"], rows=shape[0], columns=shape[1])
    stored = frame_of(layout)
    frame = encoder_of(layout, target, ratio=2.5).encode(stored)
    assert stored.values.nbytes / len(frame.content) == pytest.approx(2.6, abs=0.2)
    errors = np.abs(openjpeg.decode(bytes(frame.content)).astype(np.int64) - stored.values)
    assert frame.max_error == pytest.approx(errors.max(), abs=1)


@pytest.mark.parametrize("target", ["JPEG2000", "HTJ2K"])
def test_a_ratio_that_the_headers_of_a_codestream_forbid_is_refused(target: str) -> None:
    layout = replace(FORMATS["u12"], rows=4, columns=4)  # 32 bytes, to become 4
    with pytest.raises(CannotTranscode, match="bytes at least"):
        encoder_of(layout, target, ratio=8).encode(frame_of(layout))
