"""Whole files in other syntaxes: what follows the pixels, and what others decode."""

from __future__ import annotations

import hashlib
import io
import struct
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.filebase import DicomBytesIO
from support.datasets import image, item, part10
from support.rewritten import flat, read, transcoded
from support.transcoded import run_tool

from dcmview.bulk.inputs import entry_of
from dcmview.dicom.decoding import ThreadDecoder
from dcmview.errors import CannotTranscode, DcmviewError, Truncated, Unreadable
from dcmview.registry.registry import Entry
from dcmview.transcoding import writing
from dcmview.transcoding.meta import IMPLEMENTATION_CLASS_UID
from dcmview.transcoding.targets import EncodeOptions, find_target
from dcmview.transcoding.transcode import transcode_entry
from dcmview.transcoding.writing import OffsetTable

RAMP = (np.arange(64 * 64, dtype=np.uint16) % 4096).tobytes()
CT = "CT_small.dcm"


def put(folder: Path, dataset: Dataset, syntax: str = uid.ExplicitVRLittleEndian) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.dcm"
    path.write_bytes(part10(dataset, syntax))
    return path


def ramp(**elements: object) -> Dataset:
    return image(64, 64, **{"PixelData": RAMP, "BitsStored": 12, "HighBit": 11, **elements})


# Lossless


@pytest.mark.parametrize(
    ("target", "tool"),
    [("rle", "dcmdrle"), ("jpegls", "dcmdjpls"), ("jpegsv1", "dcmdjpeg"), ("j2k", "gdcmconv")],
)
@pytest.mark.parametrize("name", [CT, "SC_rgb_small_odd.dcm", "emri_small.dcm"])
def test_another_program_gets_the_same_samples_back(
    tmp_path: Path, name: str, target: str, tool: str
) -> None:
    coded, decoded = tmp_path / "coded.dcm", tmp_path / "decoded.dcm"
    coded.write_bytes(transcoded(get_testdata_file(name), target)[0])
    flags = {"gdcmconv": ["--raw"], "dcmdjpeg": ["--conv-never"]}
    run_tool(tool, *flags.get(tool, []), coded, decoded)
    before = pydicom.dcmread(get_testdata_file(name)).pixel_array
    assert (pydicom.dcmread(decoded).pixel_array == before).all()


def test_frames_of_single_bits_that_fill_no_bytes_go_to_rle_and_back(tmp_path: Path) -> None:
    packed = bytes([0b10110101, 0b01101011, 0b01011010, 0b00000101])  # three frames of 3 x 3
    elements = {"NumberOfFrames": 3, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    native = image(3, 3, **elements, PixelData=packed)
    coded, report = transcoded(put(tmp_path, native), "rle")
    assert (report.frame_count, report.native_bytes) == (3, 4)
    path = tmp_path / "coded.dcm"
    path.write_bytes(coded)
    assert read(transcoded(path, "explicit")[0]).PixelData == packed


def test_a_lossless_image_is_the_same_instance_and_all_else_is_as_it_was() -> None:
    before = pydicom.dcmread(get_testdata_file(CT))
    content, report = transcoded(get_testdata_file(CT), "jpegls")
    after = read(content)
    changed = {
        key
        for key in set(flat(before)) | set(flat(after))
        if flat(before).get(key) != flat(after).get(key)
    }
    assert changed == {"7fe00010"}
    assert after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID
    assert (report.max_error, report.frame_count, report.native_bytes) == (0, 1, 32768)


def test_the_meta_information_says_who_wrote_the_file() -> None:
    before = pydicom.dcmread(get_testdata_file(CT)).file_meta
    content, _ = transcoded(get_testdata_file(CT), "rle")
    meta = read(content).file_meta
    assert meta.TransferSyntaxUID == uid.RLELossless
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.SourceApplicationEntityTitle == before.SourceApplicationEntityTitle
    # (0002,0000) counts from behind itself to the first element of the data set.
    assert content[144 + meta.FileMetaInformationGroupLength :].startswith(b"\x08\0")


@pytest.mark.parametrize("target", ["implicit", "bigendian", "deflated"])
def test_pixel_data_of_an_odd_length_becomes_even(tmp_path: Path, target: str) -> None:
    path, samples = tmp_path / "odd.dcm", bytes(range(1, 10))
    sizes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    whole = part10(image(3, 3, **sizes, PixelData=samples + b"\0"), uid.ExplicitVRLittleEndian)
    assert whole.endswith(b"\xe0\x7f\x10\0OW\0\0\n\0\0\0" + samples + b"\0")
    path.write_bytes(whole[:-18] + b"OB\0\0\t\0\0\0" + samples)
    assert read(transcoded(path, target)[0]).PixelData == samples + b"\0"


def test_a_preamble_that_describes_the_old_file_is_emptied(tmp_path: Path) -> None:
    path = put(tmp_path, ramp())
    path.write_bytes(b"II*\0" + b"\1" * 124 + path.read_bytes()[128:])
    assert transcoded(path, "rle")[0].startswith(bytes(128) + b"DICM")


def test_a_file_without_meta_information_gets_it() -> None:
    found = read(transcoded(get_testdata_file("no_meta.dcm"), "explicit")[0])
    meta = found.file_meta
    assert meta.MediaStorageSOPInstanceUID == found.SOPInstanceUID
    assert meta.MediaStorageSOPClassUID == found.SOPClassUID


def test_colours_are_described_as_they_are_coded() -> None:
    path = get_testdata_file("SC_rgb_small_odd.dcm")
    expected = {"rle": ("RGB", 1), "jpegls": ("RGB", 0), "j2k": ("YBR_RCT", 0)}
    for target, described in expected.items():
        found = read(transcoded(path, target)[0])
        assert (found.PhotometricInterpretation, found.PlanarConfiguration) == described


def test_one_sample_has_no_planar_configuration(tmp_path: Path) -> None:
    path = put(tmp_path, ramp(PlanarConfiguration=0))
    assert "PlanarConfiguration" not in read(transcoded(path, "rle")[0])
    assert "PlanarConfiguration" in read(transcoded(path, "bigendian")[0])  # nothing was decoded


def test_what_jpeg_lost_is_said_when_it_is_decoded(tmp_path: Path) -> None:
    source = pydicom.dcmread(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm"))
    for keyword in ("", "Ratio", "Method"):
        source.pop(f"LossyImageCompression{keyword}", None)
    path = tmp_path / "jpeg.dcm"
    source.save_as(path)
    for target in ("explicit", "deflated", "rle"):
        found = read(transcoded(path, target)[0])
        assert found.LossyImageCompression == "01"
        assert found.LossyImageCompressionMethod == "ISO_10918_1"
        assert found.LossyImageCompressionRatio > 1
        assert found.SOPInstanceUID == source.SOPInstanceUID


# Lossy


def test_a_lossy_image_is_another_instance_that_says_where_it_comes_from(tmp_path: Path) -> None:
    before = ramp(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], DerivationDescription="cropped")
    path = put(tmp_path, before)
    content, report = transcoded(path, "jpeglsnear", near=3)
    after = read(content)
    assert after.SOPInstanceUID != before.SOPInstanceUID
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID
    assert after.SOPInstanceUID == report.sop_instance_uid
    assert list(after.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert after.DerivationDescription.startswith("cropped; Lossy compression: JPEG-LS")
    assert "largest error 3" in after.DerivationDescription
    (source,) = after.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert (
        source.PurposeOfReferenceCodeSequence[0].CodeValue == "121320"
    )  # Uncompressed predecessor
    assert after.DerivationCodeSequence[0].CodeValue == "113040"
    assert (after.LossyImageCompression, after.LossyImageCompressionMethod) == ("01", "ISO_14495_1")
    (frame,) = generate_frames(after.PixelData, number_of_frames=1)
    assert after.LossyImageCompressionRatio == pytest.approx(len(RAMP) / len(frame), rel=0.01)
    assert report.max_error is not None
    assert 0 < report.max_error <= 3


@pytest.mark.parametrize("before", [{"ImageType": "ORIGINAL"}, {"ImageType": ""}, {}])
def test_an_image_without_a_second_type_is_a_secondary_one(
    tmp_path: Path, before: dict[str, str]
) -> None:
    found = read(transcoded(put(tmp_path, ramp(**before)), "jpeglsnear")[0])
    assert list(found.ImageType) == ["DERIVED", "SECONDARY"]


def test_of_a_long_derivation_the_last_step_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, ramp(DerivationDescription="cropped " * 127))
    told = read(transcoded(path, "jpeglsnear")[0]).DerivationDescription
    assert told.startswith("Lossy compression: ")
    assert len(told) <= 1024  # PS3.5 6.2: of an ST


def test_functional_groups_keep_types_and_derivations_of_their_own(tmp_path: Path) -> None:
    dataset = multiframe()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    frame = item(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    dataset.SharedFunctionalGroupsSequence = item(CTImageFrameTypeSequence=frame)
    dataset.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(5)]
    found = read(transcoded(put(tmp_path, dataset), "jpeglsnear")[0])
    assert found.ImageType == dataset.ImageType
    assert "SourceImageSequence" not in found
    assert found.SOPInstanceUID != dataset.SOPInstanceUID
    assert found.LossyImageCompression == "01"


def test_an_enhanced_object_keeps_its_type_without_groups_too(tmp_path: Path) -> None:
    kinds = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset = ramp(ImageType=kinds, SOPClassUID=uid.EnhancedCTImageStorage)
    found = read(transcoded(put(tmp_path, dataset), "jpeglsnear")[0])
    assert list(found.ImageType) == kinds
    assert "DerivationCodeSequence" not in found


def test_files_without_a_uid_get_one_each(tmp_path: Path) -> None:
    uids = []
    for sample in (b"\1", b"\2"):
        dataset = ramp(PixelData=sample * len(RAMP), BitsStored=16, HighBit=15)
        del dataset.SOPInstanceUID
        uids.append(read(transcoded(put(tmp_path, dataset), "jpeglsnear")[0]).SOPInstanceUID)
    assert uids[0] != uids[1]
    assert all(uid.UID(each).is_valid for each in uids)


def test_what_a_lossy_syntax_holds_counts_as_lossy_unless_it_says_not(tmp_path: Path) -> None:
    dataset = read(transcoded(put(tmp_path, ramp()), "jpeglsnear")[0])
    path = tmp_path / "silent.dcm"
    del dataset.LossyImageCompression
    dataset.save_as(path)
    with pytest.raises(CannotTranscode, match="compressed with loss before"):
        transcoded(path, "j2klossy", ratio=4)
    dataset.LossyImageCompression = "00"
    dataset.save_as(path)
    assert read(transcoded(path, "j2klossy", ratio=4)[0]).LossyImageCompression == "01"


def test_the_new_uid_follows_from_the_old_one_and_the_settings(tmp_path: Path) -> None:
    path = put(tmp_path, ramp())
    uids = [
        read(transcoded(path, target, **options)[0]).SOPInstanceUID
        for target, options in (
            ("jpeglsnear", {"near": 3}),
            ("jpeglsnear", {"near": 4}),
            ("jpeglsnear", {"near": 3}),
            ("j2klossy", {"ratio": 3}),
            ("j2klossy", {"ratio": 3.0}),
        )
    ]
    assert uids[0] == uids[2]
    assert uids[3] == uids[4]
    assert len(set(uids)) == 3
    assert all(each.startswith("2.25.") and uid.UID(each).is_valid for each in uids)


def test_parts_of_one_object_become_parts_of_another_one(tmp_path: Path) -> None:
    of_whole = {"ConcatenationUID": "1.2.9", "SOPInstanceUIDOfConcatenationSource": "1.2.8"}
    paths = [put(tmp_path, ramp(SOPInstanceUID=f"1.2.8.{n}", **of_whole)) for n in (1, 2)]
    first, second = (read(transcoded(path, "jpeglsnear")[0]) for path in paths)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.ConcatenationUID == second.ConcatenationUID != "1.2.9"
    whole = read(transcoded(put(tmp_path, ramp(SOPInstanceUID="1.2.8")), "jpeglsnear")[0])
    assert first.SOPInstanceUIDOfConcatenationSource == whole.SOPInstanceUID
    same = read(transcoded(paths[0], "jpegls")[0])
    assert {name: same[name].value for name in of_whole} == of_whole


def test_a_second_loss_is_added_to_the_first_one(tmp_path: Path) -> None:
    first = tmp_path / "first.dcm"
    first.write_bytes(transcoded(put(tmp_path, ramp()), "jpeglsnear", near=2)[0])
    with pytest.raises(CannotTranscode, match="compressed with loss before"):
        transcoded(first, "j2klossy", ratio=4)
    again = read(transcoded(first, "j2klossy", ratio=4, allow_recompress=True)[0])
    assert list(again.LossyImageCompressionMethod) == ["ISO_14495_1", "ISO_15444_1"]
    assert len(again.LossyImageCompressionRatio) == 2
    sources = [each.ReferencedSOPInstanceUID for each in again.SourceImageSequence]
    assert sources == ["1.2.3.4", pydicom.dcmread(first).SOPInstanceUID]
    assert [each.CodeValue for each in again.DerivationCodeSequence] == ["113040", "113040"]


@pytest.mark.parametrize("missing", [("Method",), ("Method", "Ratio"), ("", "Method", "Ratio")])
def test_what_jpeg_lost_before_has_a_ratio_and_a_method(
    tmp_path: Path, missing: tuple[str, ...]
) -> None:
    source = pydicom.dcmread(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm"))
    assert source.LossyImageCompressionRatio == pytest.approx(17.401)
    for keyword in missing:
        del source[f"LossyImageCompression{keyword}"]
    path = tmp_path / "jpeg.dcm"
    source.save_as(path)
    found = read(transcoded(path, "j2klossy", ratio=20, allow_recompress=True)[0])
    assert found.LossyImageCompression == "01"
    assert list(found.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
    assert list(found.LossyImageCompressionRatio) == pytest.approx([17.4, 20], rel=0.05)
    purpose = found.SourceImageSequence[-1].PurposeOfReferenceCodeSequence[0]
    assert purpose.CodeValue == "121330"  # Lossy compressed predecessor


def test_a_loss_of_which_only_the_ratio_is_known_keeps_its_place(tmp_path: Path) -> None:
    first = read(transcoded(put(tmp_path, ramp()), "jpeglsnear", near=2)[0])
    del first.LossyImageCompressionMethod
    path = tmp_path / "first.dcm"
    first.save_as(path)
    again = read(transcoded(path, "j2klossy", ratio=4, allow_recompress=True)[0])
    assert list(again.LossyImageCompressionMethod) == ["", "ISO_15444_1"]
    assert again.LossyImageCompressionRatio[0] == first.LossyImageCompressionRatio
    assert len(again.LossyImageCompressionRatio) == 2


def test_existing_sources_stay_in_front(tmp_path: Path) -> None:
    dataset = ramp(SourceImageSequence=item(ReferencedSOPInstanceUID="1.9.9"))
    for syntax in (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian):
        found = read(transcoded(put(tmp_path, dataset, syntax), "jpeglsnear")[0])
        sources = [each.ReferencedSOPInstanceUID for each in found.SourceImageSequence]
        assert sources == ["1.9.9", "1.2.3.4"]


# Frames and their tables


def frames_of(dataset: Dataset) -> list[bytes]:
    return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))


def multiframe(count: int = 5) -> Dataset:
    frames = [
        np.random.default_rng(seed).integers(0, 4096, 64 * 64, np.uint16).tobytes()
        for seed in range(count)
    ]
    return ramp(NumberOfFrames=count, PixelData=b"".join(frames))


def test_the_basic_table_leads_to_each_frame(tmp_path: Path) -> None:
    found = read(transcoded(put(tmp_path, multiframe()), "jpegls")[0])
    offsets = parse_basic_offsets(DicomBytesIO(found.PixelData))
    begin = 8 + 4 * 5
    for offset, frame in zip(offsets, frames_of(found), strict=True):
        tag, length = struct.unpack_from("<LL", found.PixelData, begin + offset)
        assert tag == 0xE000FFFE
        assert length == len(frame) + len(frame) % 2
        assert length % 2 == 0
        assert found.PixelData[begin + offset + 8 :].startswith(b"\xff\xd8\xff")


def test_the_extended_table_leads_to_each_frame_without_its_padding(tmp_path: Path) -> None:
    path = put(tmp_path, multiframe())
    found = read(transcoded(path, "jpegls", table=OffsetTable.EXTENDED)[0])
    offsets = struct.unpack("<5Q", found.ExtendedOffsetTable)
    lengths = struct.unpack("<5Q", found.ExtendedOffsetTableLengths)
    assert found.PixelData.startswith(b"\xfe\xff\0\xe0\0\0\0\0")
    assert any(length % 2 for length in lengths)
    for offset, length in zip(offsets, lengths, strict=True):
        frame = found.PixelData[8 + offset + 8 :][:length]
        assert frame.startswith(b"\xff\xd8")
        assert frame.endswith(b"\xff\xd9")
    before = pydicom.dcmread(path).pixel_array
    assert (found.pixel_array == before).all()


def test_no_table_is_an_empty_one(tmp_path: Path) -> None:
    path = put(tmp_path, multiframe())
    found = read(transcoded(path, "rle", table=OffsetTable.NONE)[0])
    assert found.PixelData.startswith(b"\xfe\xff\0\xe0\0\0\0\0\xfe\xff\0\xe0")
    assert (found.pixel_array == pydicom.dcmread(path).pixel_array).all()


def test_tables_of_the_old_frames_go_with_them(tmp_path: Path) -> None:
    path = tmp_path / "extended.dcm"
    source = put(tmp_path, multiframe())
    path.write_bytes(transcoded(source, "jpegls", table=OffsetTable.EXTENDED)[0])
    for target in ("explicit", "rle", "implicit"):
        found = read(transcoded(path, target)[0])
        assert "ExtendedOffsetTable" not in found
        assert "ExtendedOffsetTableLengths" not in found
        assert (found.pixel_array == pydicom.dcmread(source).pixel_array).all()


def test_what_a_file_has_out_of_order_is_changed_where_it_is(tmp_path: Path) -> None:
    earlier = item(ReferencedSOPClassUID=uid.CTImageStorage, ReferencedSOPInstanceUID="1.2.3.9")
    content = part10(ramp(SourceImageSequence=earlier, DerivationDescription="before"))
    begin = content.index(b"\x08\0\x11\x21ST")  # the sequence follows it
    end = content.index(b"\x28\0\x02\0US", begin)
    pixels = content.index(b"\xe0\x7f\x10\0OW")
    path = tmp_path / "unsorted.dcm"
    path.write_bytes(content[:begin] + content[end:pixels] + content[begin:end] + content[pixels:])
    found = read(transcoded(path, "jpeglsnear", near=1)[0])
    uids = [each.ReferencedSOPInstanceUID for each in found.SourceImageSequence]
    assert uids == ["1.2.3.9", "1.2.3.4"]
    assert found.DerivationDescription.startswith("before; Lossy compression")
    assert found.LossyImageCompression == "01"


def test_what_might_pass_four_gigabytes_gets_the_extended_table() -> None:
    for native_bytes, kind in ((3_000_000_000, "basic"), (4_000_000_000, "extended")):
        assert writing.Fragments(OffsetTable.AUTO, 10, native_bytes).kind == kind


def test_a_basic_offset_beyond_four_gigabytes_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(writing, "_MOST_BASIC_OFFSET", 10_000)
    with pytest.raises(CannotTranscode, match="extended offset table"):
        transcoded(put(tmp_path, multiframe()), "jpegls", table=OffsetTable.BASIC)


# What lies in the pixels beside the image


def test_overlays_in_unused_bits_move_to_overlay_data(tmp_path: Path) -> None:
    cells = np.arange(3 * 7 * 9, dtype=np.uint16).reshape(3, 7, 9) * 31 % 4096
    marks = np.random.default_rng(1).integers(0, 2, cells.shape, np.uint16)
    dataset = image(
        7, 9, NumberOfFrames=3, BitsStored=12, HighBit=11, PixelData=(cells | marks << 13).tobytes()
    )
    for number, vr, value in (
        (0x0010, "US", 7),
        (0x0011, "US", 9),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 16),
        (0x0102, "US", 13),
    ):
        dataset.add_new(0x60000000 | number, vr, value)
    path = put(tmp_path, dataset)
    for target in ("rle", "jpegls"):
        found = read(transcoded(path, target)[0])
        assert (found.pixel_array == cells).all()
        assert (found.overlay_array(0x6000) == marks).all()
        assert (found[0x60000100].value, found[0x60000102].value) == (1, 0)
        assert (found[0x60000015].value, found[0x60000051].value) == (3, 1)
    # Between uncompressed syntaxes the bits stay where they are.
    swapped = read(transcoded(path, "bigendian")[0])
    assert 0x60003000 not in swapped
    assert struct.unpack(">189H", swapped.PixelData) == tuple((cells | marks << 13).ravel())


# Refusals, and what never happens


def test_what_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, multiframe())
    for syntax in ("explicit", "jpegls"):
        whole = transcoded(path, syntax)[0]
        short = tmp_path / "short.dcm"
        short.write_bytes(whole[: len(whole) - len(whole) // 3])
        for target in ("rle", "bigendian"):
            with pytest.raises((Truncated, Unreadable, CannotTranscode)):
                transcoded(short, target)


def test_a_number_of_frames_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for declared in (4, 6):
        source = multiframe()
        source.NumberOfFrames = declared
        path = put(tmp_path, source)
        with pytest.raises(DcmviewError, match=r"5|ends early"):
            transcoded(path, "jpegls")


def test_what_is_no_image_has_uncompressed_syntaxes_alone() -> None:
    path = get_testdata_file("reportsi.dcm")
    with pytest.raises(CannotTranscode, match="no image"):
        transcoded(path, "j2k")
    assert read(transcoded(path, "bigendian")[0]).ContentSequence


def test_more_than_an_element_can_hold_is_refused_before_a_frame_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rle.dcm"
    path.write_bytes(transcoded(put(tmp_path, multiframe()), "rle")[0])
    monkeypatch.setattr("dcmview.transcoding.native.MOST_ELEMENT_BYTES", 40_000)
    with pytest.raises(CannotTranscode, match="40,960 bytes, more than an element"):
        transcoded(path, "explicit")


def test_a_copy_that_differs_has_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, ramp())
    monkeypatch.setattr("dcmview.transcoding.native._swap_unit", lambda *_: 1)
    with pytest.raises(CannotTranscode, match="proof failed: frame 0"):
        transcoded(path, "bigendian")
    assert transcoded(path, "bigendian", prove=False)


@pytest.mark.parametrize("target", ["implicit", "bigendian", "deflated", "rle", "jpegls", "j2k"])
def test_the_input_is_not_touched_and_a_second_run_gives_the_same(target: str) -> None:
    path = Path(get_testdata_file(CT))
    before = hashlib.sha256(path.read_bytes()).digest()
    assert transcoded(path, target)[0] == transcoded(path, target)[0]
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_what_nobody_wants_any_more_is_given_up(tmp_path: Path) -> None:
    entry, out = entry_of(str(put(tmp_path, multiframe()))), io.BytesIO()
    answers = iter((True, True, False))
    with pytest.raises(CancelledError):
        transcode_entry(
            entry,
            find_target("rle"),
            EncodeOptions(),
            out,
            decoder=ThreadDecoder(),
            is_wanted=lambda: next(answers),
        )


class CountingBytes(io.BytesIO):
    """Remembers the longest piece that was written at once."""

    longest = 0

    def write(self, content: bytes, /) -> int:  # type: ignore[override]
        self.longest = max(self.longest, len(content))
        return super().write(content)


def test_one_frame_at_a_time_is_written(tmp_path: Path) -> None:
    path = put(tmp_path, multiframe(40))
    entry = entry_of(str(path))
    assert isinstance(entry, Entry)
    for target in ("rle", "jpegls"):
        out = CountingBytes()
        transcode_entry(entry, find_target(target), EncodeOptions(), out, decoder=ThreadDecoder())
        assert out.longest < 3 * len(RAMP)
