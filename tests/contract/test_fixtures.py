"""fixtures/ and its manifest agree, as pydicom, imagecodecs and DCMTK read the files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from pydicom import FileDataset, dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import UID, JPEGLosslessSV1, JPEGLSLossless

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
MANIFEST: list[dict[str, Any]] = tomllib.loads((FIXTURES / "manifest.toml").read_text())["fixture"]
SIZE_LIMIT_BYTES = 6_000_000
"""A clone stays quick, and so does a scan of the folder."""

FACT_KEYWORDS = {
    "modality": "Modality",
    "rows": "Rows",
    "columns": "Columns",
    "number_of_frames": "NumberOfFrames",
    "photometric_interpretation": "PhotometricInterpretation",
    "bits_stored": "BitsStored",
    "pixel_padding_value": "PixelPaddingValue",
    "frame_time_ms": "FrameTime",
}
DCMTK_DECODERS = {"jpeg-ls": "dcmdjpls", "jpeg-lossless": "dcmdjpeg", "rle": "dcmdrle"}
each_fixture = pytest.mark.parametrize("fixture", MANIFEST, ids=lambda fixture: fixture["path"])


@cache
def read(name: str) -> FileDataset:
    return dcmread(FIXTURES / name)


def files_of(fixture: dict[str, Any]) -> list[str]:
    path = FIXTURES / fixture["path"]
    found = sorted(path.glob("*.dcm")) if path.is_dir() else [path]
    return [file.relative_to(FIXTURES).as_posix() for file in found]


@cache
def frames(name: str) -> NDArray[np.generic]:
    """Give the stored values (colour as RGB) with the frames along the first axis."""
    ds = read(name)
    decoders = {
        JPEGLSLossless: imagecodecs.jpegls_decode,
        JPEGLosslessSV1: imagecodecs.jpeg8_decode,
    }
    decode = decoders.get(ds.file_meta.TransferSyntaxUID)
    count = int(ds.get("NumberOfFrames", 1))
    if decode:
        return np.stack([decode(f) for f in generate_frames(ds.PixelData, number_of_frames=count)])
    values = ds.pixel_array
    return values if count > 1 else values[None]


def rows_that_exist(name: str, rows: int) -> NDArray[np.generic]:
    """Give the whole rows of a native 16-bit file that ends too early."""
    columns = dcmread(FIXTURES / name, stop_before_pixels=True).Columns
    content = (FIXTURES / name).read_bytes()
    return np.frombuffer(content[-2 * rows * columns :], "<u2").reshape(1, rows, columns)


def rescale_intercept(ds: FileDataset) -> float:
    if "SharedFunctionalGroupsSequence" in ds:
        shared = ds.SharedFunctionalGroupsSequence[0]
        return float(shared.PixelValueTransformationSequence[0].RescaleIntercept)
    return float(ds.RescaleIntercept)


def test_every_file_is_in_the_manifest_once():
    listed = Counter(name for fixture in MANIFEST for name in files_of(fixture))
    there = {path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*.dcm")}
    assert set(listed) == there
    assert set(listed.values()) == {1}


def test_all_files_together_stay_small():
    sizes = [path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()]
    assert sum(sizes) < SIZE_LIMIT_BYTES


@each_fixture
def test_origin_licence_and_purpose_are_told(fixture):
    assert fixture["title"]
    assert fixture["origin"] == "made by scripts/fixtures"
    assert fixture["licence"] == "MIT"
    assert all(fixture["proves"])
    assert len(files_of(fixture)) == fixture["files"]


@each_fixture
def test_headers_hold_the_facts(fixture):
    for name in files_of(fixture):
        ds = dcmread(FIXTURES / name, stop_before_pixels=True)
        facts = fixture["facts"]
        assert ds.file_meta.TransferSyntaxUID.name == facts["transfer_syntax"]
        assert ds.SOPClassUID.name == facts["sop_class"]
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
        for fact, keyword in FACT_KEYWORDS.items():
            assert ds.get(keyword) == facts.get(fact), keyword


@each_fixture
def test_stored_values_have_the_digests(fixture):
    for name, expected in fixture.get("sha256", {}).items():
        values = frames(name)
        little_endian = values.astype(values.dtype.newbyteorder("<"))
        assert [hashlib.sha256(frame.tobytes()).hexdigest() for frame in little_endian] == expected


@each_fixture
def test_probed_pixels_hold_what_was_drawn(fixture):
    for probe in fixture.get("probes", []):
        name = probe["file"]
        ds = dcmread(FIXTURES / name, stop_before_pixels=True)
        rows = fixture["facts"].get("rows_present")
        values = rows_that_exist(name, rows) if rows else frames(name)
        value = float(np.mean(values[probe["frame_index"], probe["row"], probe["column"]]))
        if probe["unit"] == "HU":
            value += rescale_intercept(ds)
        assert value == pytest.approx(probe["value"], abs=probe["tolerance"]), probe["why"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("syntaxes/*.dcm")))
def test_compressed_slices_equal_the_native_one(name):
    native = frames("ct/slice-13.dcm")
    assert read("ct/slice-13.dcm").file_meta.TransferSyntaxUID.name == "Explicit VR Little Endian"
    np.testing.assert_array_equal(frames(f"syntaxes/{name}.dcm"), native)


@pytest.mark.parametrize(("name", "tool"), DCMTK_DECODERS.items())
def test_dcmtk_decodes_the_compressed_slice_to_the_native_one(name, tool, tmp_path):
    if not shutil.which(tool):
        pytest.skip(f"{tool} of DCMTK is not installed")
    target = tmp_path / "native.dcm"
    subprocess.run([tool, FIXTURES / f"syntaxes/{name}.dcm", target], check=True)
    np.testing.assert_array_equal(dcmread(target).pixel_array[None], frames("ct/slice-13.dcm"))


@each_fixture
def test_dcmtk_reads_every_element(fixture):
    if not shutil.which("dcmdump"):
        pytest.skip("dcmdump of DCMTK is not installed")
    for name in files_of(fixture):
        done = subprocess.run(
            ["dcmdump", "--quiet", FIXTURES / name], check=False, capture_output=True
        )
        # Only the file that ends too early may make it fail.
        assert (done.returncode == 0) == ("rows_present" not in fixture["facts"]), done.stderr


@pytest.mark.parametrize(("folder", "spacing_mm"), [("ct", 7.5), ("mr", 6.0)])
def test_slices_lie_evenly_along_their_normal(folder, spacing_mm):
    slices = [read(path.relative_to(FIXTURES).as_posix()) for path in FIXTURES.glob(f"{folder}/*")]
    slices.sort(key=lambda ds: ds.InstanceNumber)
    orientation = np.array(slices[0].ImageOrientationPatient, float)
    along_row, along_column = orientation[:3], orientation[3:]
    assert along_row @ along_column == pytest.approx(0)
    assert np.linalg.norm(along_column) == pytest.approx(1, abs=1e-6)
    positions = np.array([ds.ImagePositionPatient for ds in slices], float)
    normal = np.cross(along_row, along_column)
    steps = np.diff(positions @ normal)
    np.testing.assert_allclose(np.abs(steps), spacing_mm, atol=1e-3)
    # No shear: a slice is moved along the normal and in no other direction.
    shift = positions[-1] - positions[0]
    np.testing.assert_allclose(shift, (shift @ normal) * normal, atol=1e-3)
    assert {float(ds.SpacingBetweenSlices) for ds in slices} == {spacing_mm}


def test_enhanced_frames_lie_where_the_slices_do():
    enhanced = read("ct-enhanced/chest-abdomen.dcm")
    for index, groups in enumerate(enhanced.PerFrameFunctionalGroupsSequence):
        single = read(f"ct/slice-{index + 1:02d}.dcm")
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        assert position == single.ImagePositionPatient
        assert enhanced.FrameOfReferenceUID == single.FrameOfReferenceUID
        np.testing.assert_array_equal(
            frames("ct-enhanced/chest-abdomen.dcm")[index],
            frames(f"ct/slice-{index + 1:02d}.dcm")[0],
        )


def test_enhanced_frames_have_windows_of_their_own():
    groups = read("ct-enhanced/chest-abdomen.dcm").PerFrameFunctionalGroupsSequence
    names = [group.FrameVOILUTSequence[0].WindowCenterWidthExplanation for group in groups]
    assert names == ["LUNG"] * 5 + ["ABDOMEN"] * 17


def test_segments_lie_on_the_slices_they_were_made_of():
    segmentation = read("segmentation/organs.dcm")
    by_uid = {read(name).SOPInstanceUID: read(name) for name in files_of(MANIFEST[0])}
    for groups in segmentation.PerFrameFunctionalGroupsSequence:
        source = groups.DerivationImageSequence[0].SourceImageSequence[0]
        single = by_uid[source.ReferencedSOPInstanceUID]
        assert groups.PlanePositionSequence[0].ImagePositionPatient == single.ImagePositionPatient


def test_the_report_refers_to_objects_that_are_there():
    report = read("report/measurements.dcm")
    there = {read(n).SOPInstanceUID for n in (*files_of(MANIFEST[0]), "segmentation/organs.dcm")}
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    referenced = {i.ReferencedSOPInstanceUID for s in evidence for i in s.ReferencedSOPSequence}
    assert len(referenced) == 2
    assert referenced <= there
    assert "PixelData" not in report


def test_uids_are_valid_and_instances_unique():
    headers = [dcmread(path, stop_before_pixels=True) for path in FIXTURES.rglob("*.dcm")]
    uids = [ds.SOPInstanceUID for ds in headers]
    assert len(set(uids)) == len(uids)
    assert all(UID(uid).is_valid for uid in uids)
    assert all(ds.PatientIdentityRemoved == "YES" for ds in headers)


def test_the_odd_folder_holds_a_file_that_is_not_dicom():
    content = (FIXTURES / "odd/notes.txt").read_bytes()
    assert content[128:132] != b"DICM"


def test_the_generator_makes_the_same_again():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-m", "make_fixtures", "--check"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
