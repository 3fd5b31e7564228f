"""Icons that other programs have compressed with the image come out whole in every syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from support.datasets import image, part10
from support.rewritten import read, transcoded
from support.transcoded import run_tool

from dcmview.errors import CannotTranscode
from dcmview.transcoding import transcode as transcoding

if TYPE_CHECKING:
    from pathlib import Path

CELLS = (np.arange(64 * 64, dtype=np.uint16) % 4096).tobytes()
ICON = (np.arange(9 * 7) * 3 % 256).astype(np.uint8).tobytes()
WAYS = {
    "DCMTK, JPEG-LS": [["dcmcjpls"]],
    "DCMTK, RLE": [["dcmcrle"]],
    # GDCM leaves an icon alone where the image was not compressed before.
    "GDCM, JPEG-LS": [["dcmcrle"], ["gdcmconv", "--jpegls"]],
}
TARGETS = ("explicit", "implicit", "bigendian", "deflated", "rle", "jpegls", "j2k")


def icon(**elements: object) -> pydicom.Dataset:
    whole = image(9, 7, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=ICON, **elements)
    return pydicom.Dataset({each.tag: each for each in whole if each.tag.group >= 0x28})


def with_icon(folder: Path, **elements: object) -> Path:
    dataset = image(64, 64, PixelData=CELLS, BitsStored=12, HighBit=11)
    dataset.IconImageSequence = [icon(**elements)]
    dataset.IconImageSequence[0]["PixelData"].VR = "OB"
    path = folder / "native.dcm"
    path.write_bytes(part10(dataset))
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_compressed_icon_is_native_in_any_other_syntax(tmp_path: Path, way: str) -> None:
    compressed = with_icon(tmp_path)
    for tool in WAYS[way]:
        source, compressed = compressed, tmp_path / f"{tool[0]}.dcm"
        run_tool(*tool, source, compressed)
    before = pydicom.dcmread(compressed)
    assert before.IconImageSequence[0]["PixelData"].is_undefined_length
    for target in TARGETS:
        after = read(transcoded(compressed, target)[0])
        (made,) = after.IconImageSequence
        assert made.PixelData == ICON + b"\0", target
        assert not made["PixelData"].is_undefined_length
        assert (made.Rows, made.Columns, made.BitsAllocated) == (9, 7, 8)
        assert made.PhotometricInterpretation == "MONOCHROME2"
        assert (after.pixel_array == np.frombuffer(CELLS, np.uint16).reshape(64, 64)).all()
        del before.IconImageSequence, after.IconImageSequence
        assert {each.tag for each in before} == {each.tag for each in after}
        before = pydicom.dcmread(compressed)


def test_an_icon_of_jpeg_says_nothing_that_it_did_not_say(tmp_path: Path) -> None:
    sizes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    dataset = image(16, 16, **sizes, PixelData=bytes(range(256)))
    dataset.IconImageSequence = [icon()]
    dataset.IconImageSequence[0]["PixelData"].VR = "OB"
    source, compressed = tmp_path / "native.dcm", tmp_path / "jpeg.dcm"
    source.write_bytes(part10(dataset))
    run_tool("dcmcjpeg", "+eb", source, compressed)
    (before,) = pydicom.dcmread(compressed).IconImageSequence
    assert before["PixelData"].is_undefined_length
    after = read(transcoded(compressed, "explicit")[0])
    (made,) = after.IconImageSequence
    assert len(made.PixelData) == 64
    assert set(made.keys()) == set(before.keys())
    assert after.LossyImageCompression == "01"


def test_tables_of_a_palette_stay_with_the_icon(tmp_path: Path) -> None:
    tables = {
        f"{color}PaletteColorLookupTable{part}": value
        for color in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", [256, 0, 16]), ("Data", bytes(range(256)) * 2))
    }
    native = with_icon(tmp_path, PhotometricInterpretation="PALETTE COLOR", **tables)
    run_tool("dcmcrle", native, tmp_path / "rle.dcm")
    (made,) = read(transcoded(tmp_path / "rle.dcm", "explicit")[0]).IconImageSequence
    assert made.PixelData == ICON + b"\0"
    assert made == pydicom.dcmread(native).IconImageSequence[0]
    (swapped,) = read(transcoded(tmp_path / "rle.dcm", "bigendian")[0]).IconImageSequence
    there = np.frombuffer(swapped.RedPaletteColorLookupTableData, ">u2")
    assert (there == np.frombuffer(bytes(range(256)) * 2, "<u2")).all()


def damaged(tmp_path: Path, sequence: str) -> Path:
    compressed = tmp_path / "compressed.dcm"
    run_tool("dcmcrle", with_icon(tmp_path), compressed)
    dataset = pydicom.dcmread(compressed)
    (there,) = dataset.IconImageSequence
    there.PixelData = encapsulate([b"no such codestream.."])
    there["PixelData"].is_undefined_length = True
    del dataset.IconImageSequence
    setattr(dataset, sequence, [there])
    dataset.save_as(compressed)
    return compressed


def test_an_icon_that_cannot_be_decoded_refuses_the_file(tmp_path: Path) -> None:
    path = damaged(tmp_path, "IconImageSequence")
    for target in ("explicit", "jpegls"):
        with pytest.raises(CannotTranscode, match="its icon image: "):
            transcoded(path, target)


def test_an_icon_that_is_too_large_refuses_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed = tmp_path / "compressed.dcm"
    run_tool("dcmcrle", with_icon(tmp_path), compressed)
    monkeypatch.setattr(transcoding, "MOST_ICON_BYTES", 62)
    with pytest.raises(CannotTranscode, match="its icon image: it would have"):
        transcoded(compressed, "explicit")


def test_compressed_pixels_in_another_sequence_refuse_the_file(tmp_path: Path) -> None:
    path = damaged(tmp_path, "ReferencedImageSequence")
    with pytest.raises(CannotTranscode, match=r"\(0008,1140\) that is no icon"):
        transcoded(path, "implicit")
