"""Every real file there is, against the values another implementation gives."""

from __future__ import annotations

import subprocess
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array
from support.pixel_files import WG04, pixel_file_named, pixel_files, read_frames

from dcmview.dicom.instance import open_instance
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DecodeFailed

if TYPE_CHECKING:
    from pathlib import Path

# DCMTK decodes these with its own codecs; pydicom shares ours for the others.
DCMTK = {
    "1.2.840.10008.1.2.4.51": "dcmdjpeg",
    "1.2.840.10008.1.2.4.57": "dcmdjpeg",
    "1.2.840.10008.1.2.4.70": "dcmdjpeg",
    "1.2.840.10008.1.2.4.80": "dcmdjpls",
    "1.2.840.10008.1.2.4.81": "dcmdjpls",
}

# Two inverse transforms of 12-bit JPEG may round differently.
TOLERANCE = {"1.2.840.10008.1.2.4.51": 1}

NOT_COMPARED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "its codestream header is overwritten",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "cut short",
    "MR_truncated.dcm": "cut short",
    "badVR.dcm": "pydicom stumbles over its Number of Frames, '1A'",
}


def wg04_files(*, lossless: bool) -> list[Path]:
    """Compressed WG04 images, none where the data is not there."""
    folders = ("J2KR", "JLSL", "JPLL", "RLE") if lossless else ("J2KI", "JLSN", "JPLY")
    return sorted(path for folder in folders for path in (WG04 / folder).glob("*_*"))


def reference(path: Path, tmp_path: Path) -> Any:
    """Stored values of all frames by DCMTK or pydicom, without any conversion of colours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        uid = open_instance(str(path)).transfer_syntax_uid
        if uid in DCMTK:
            plain = tmp_path / "plain.dcm"
            command = [DCMTK[uid], str(path), str(plain)]
            subprocess.run(command, check=True, capture_output=True)
            return pydicom.dcmread(plain).pixel_array
        dataset.file_meta.TransferSyntaxUID = uid
        return pixel_array(dataset, raw=uid not in {"1.2.840.10008.1.2.4.50"})


@pytest.mark.parametrize(
    "path", [*pixel_files(), *wg04_files(lossless=False)], ids=lambda path: path.name
)
def test_stored_values_equal_those_of_another_decoder(path: Path, tmp_path: Path) -> None:
    if path.name in NOT_COMPARED:
        pytest.skip(NOT_COMPARED[path.name])
    instance, table, frames = read_frames(path)
    ours = np.stack([frame.values for frame in frames])
    theirs = np.asarray(reference(path, tmp_path)).reshape(ours.shape)
    difference = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max()
    assert difference <= TOLERANCE.get(instance.transfer_syntax_uid, 0)
    assert table.frame_count == instance.layout.frame_count
    assert not any(frame.truncated for frame in frames)


@pytest.mark.skipif(not WG04.is_dir(), reason="the WG04 images are not part of the project")
@pytest.mark.parametrize("path", wg04_files(lossless=True), ids=lambda path: path.name)
def test_lossless_wg04_images_equal_their_reference(path: Path) -> None:
    original = WG04 / "REF" / f"{path.name.split('_')[0]}_UNC"
    (frame,) = read_frames(path)[2]
    np.testing.assert_array_equal(frame.values, pydicom.dcmread(original).pixel_array)
    assert not frame.truncated


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("liver.dcm", "liver_expb.dcm"),
        ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm"),
        ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"),
        ("OBXXXX1A_2frame.dcm", "OBXXXX1A_rle_2frame.dcm"),
        ("rtdose.dcm", "rtdose_expb.dcm"),
        ("emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm"),
        ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm"),
        ("693_UNCR.dcm", "693_J2KR.dcm"),
    ],
)
def test_the_same_image_in_two_encodings_has_the_same_values(one: str, other: str) -> None:
    frames = [read_frames(pixel_file_named(name))[2] for name in (one, other)]
    for left, right in zip(*frames, strict=True):
        np.testing.assert_array_equal(left.values, right.values)


def test_an_image_cut_short_is_shown_as_far_as_it_goes() -> None:
    (cut,) = read_frames(pixel_file_named("MR_truncated.dcm"))[2]
    (whole,) = read_frames(pixel_file_named("MR_small.dcm"))[2]
    assert cut.truncated
    present = 8130 // 2
    np.testing.assert_array_equal(cut.values.flat[:present], whole.values.flat[:present])
    assert not np.any(cut.values.flat[present:])


def test_a_codestream_with_an_overwritten_header_is_refused() -> None:
    with pytest.raises(DecodeFailed, match="JPEG 2000"):
        read_frames(pixel_file_named("JPEG2000-embedded-sequence-delimiter.dcm"))


def test_every_compressed_syntax_of_the_corpus_is_there() -> None:
    """The comparison above means little if a package stopped carrying its files."""
    seen = {open_instance(str(path)).transfer_syntax_uid for path in pixel_files()}
    codecs = {transfer_syntax(uid).codec.value for uid in seen}
    assert codecs >= {"native", "rle", "jpeg", "jpeg_ls", "jpeg_2000"}
