"""What the list shows of a file: text, frames, windows, and what is wrong with it."""

from __future__ import annotations

import random
import struct
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_charset_files, get_testdata_file
from support.datasets import add_raw, bare, element, groups, image, item, opened, part10
from support.pixel_files import pixel_file_named, pixel_files

from dcmview.dicom.instance import open_instance, scan_instance
from dcmview.dicom.layout import read_layout
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.source import open_source
from dcmview.dicom.tagtree import tag_tree
from dcmview.errors import DcmviewError, FileChanged, FileGone
from dcmview.model import Acquisition, InstanceHeader, Placement, SampleKind, SharedHeader, Window

if TYPE_CHECKING:
    from pathlib import Path


def header_of(path: str) -> InstanceHeader:
    with open_source(path) as source:
        return scan_instance(source, path).header


def test_the_list_gets_what_the_file_says() -> None:
    header = header_of(str(pixel_file_named("CT_small.dcm")))
    assert header == InstanceHeader(
        shared=SharedHeader(
            patient_id="1CT1",
            patient_name="CompressedSamples^CT1",
            study_instance_uid="1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
            study_date="20040119",
            study_time="072730",
            study_description="e+1",
            series_instance_uid="1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
            series_number="1",
            modality="CT",
            sop_class_uid=uid.CTImageStorage,
            transfer_syntax_uid=uid.ExplicitVRLittleEndian,
            has_pixels=True,
            frame_count=1,
            rows=128,
            columns=128,
            acquisition=Acquisition(
                orientation=(1, 0, 0, 0, 1, 0),
                pixel_spacing=(0.661468, 0.661468),
                slice_thickness_mm=5,
                spacing_between_slices_mm=5,
                gantry_tilt_deg=0,
                frame_of_reference_uid="1.3.6.1.4.1.5962.1.4.1.1.20040119072730.12322",
                image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
            ),
        ),
        instance_number="1",
        sop_instance_uid="1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322",
        placement=Placement(
            position=(-158.135803, -179.035797, -75.699997),
            slice_location_mm=-77.2040634155,
            acquisition_time="112936",
            content_time="113008",
            acquisition_number="2",
        ),
    )


@pytest.mark.parametrize("path", pixel_files(), ids=lambda path: path.name)
def test_the_scan_and_the_viewer_agree(path: Path) -> None:
    header = header_of(str(path))
    assert open_instance(str(path)).header == header
    assert header.shared.has_pixels


# DICOM PS3.5 Annexes H, I, J and K print these names.
NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_decoded_with_their_character_set(name: str) -> None:
    (path,) = get_charset_files(name)
    assert header_of(path).shared.patient_name == NAMES[name]


@pytest.mark.parametrize(
    ("charset", "written", "expected"),
    [
        pytest.param("ISO IR 192", "Ä^Ö".encode(), "Ä^Ö", id="misspelt"),
        pytest.param("ISO_IR 100", "王^小东".encode("gbk"), "Íõ^Ð¡¶«", id="mislabelled"),
        pytest.param("ISO_IR 999", b"A^B ", "A^B", id="unknown"),
        pytest.param("ISO_IR 192", b"A\xff^B ", "A�^B", id="invalid bytes"),
        pytest.param("hex", b"A^B ", "A^B", id="no character set"),
    ],
)
def test_a_wrong_character_set_gives_some_text(
    tmp_path: Path, charset: str, written: bytes, expected: str
) -> None:
    padded = charset.encode() + b" " * (len(charset) % 2)
    content = bare(element(0x00080005, "CS", padded), element(0x00100010, "PN", written))
    assert opened(tmp_path, content).header.shared.patient_name == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DICOMDIR", "Media Storage Directory Storage"),
        ("rtplan.dcm", "RT Plan Storage"),
        ("rtstruct.dcm", "RT Structure Set Storage"),
        ("test-SR.dcm", "Comprehensive SR Storage"),
        ("waveform_ecg.dcm", "12-lead ECG Waveform Storage"),
    ],
)
def test_an_object_that_is_no_image_is_named(name: str, kind: str) -> None:
    path = get_testdata_file(name, download=False)
    assert path is not None
    header = header_of(path)
    assert (header.shared.has_pixels, header.shared.frame_count, header.shared.rows) == (
        False,
        0,
        0,
    )
    assert header.shared.kind == kind
    assert header.problem == ""


@pytest.mark.parametrize("written", [b"", b"0 ", b"-2", b"x "])
def test_a_useless_number_of_frames_is_one(tmp_path: Path, written: bytes) -> None:
    content = bare(
        element(0x00280008, "IS", written),
        element(0x00280010, "US", b"\1\0"),
        element(0x00280011, "US", b"\1\0"),
        element(0x7FE00010, "OW", b"\1\0"),
    )
    assert opened(tmp_path, content).header.shared.frame_count == 1


def test_a_number_of_frames_beyond_the_data_is_held_to_it(tmp_path: Path) -> None:
    instance = opened(tmp_path, image(2, 3, NumberOfFrames=1000, PixelData=bytes(36)))
    assert instance.header.shared.frame_count == instance.layout.frame_count == 3
    assert instance.header.problem == "pixel data ends early: 36 of 12,000 bytes"
    assert "frame-count" in {repair.code for repair in instance.repairs}


def test_frames_that_were_cut_off_still_count(tmp_path: Path) -> None:
    content = part10(image(2, 3, NumberOfFrames=3, PixelData=bytes(36)))
    header = opened(tmp_path, content[:-20]).header
    assert header.shared.frame_count == 3
    assert header.problem == "pixel data ends early: 16 of 36 bytes"


def test_one_bit_frames_are_not_padded(tmp_path: Path) -> None:
    elements = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "NumberOfFrames": 3}
    # 3 frames of 15 bits make 45 bits, 6 bytes.
    header = opened(tmp_path, image(3, 5, PixelData=bytes(6), **elements)).header
    assert (header.shared.frame_count, header.problem) == (3, "")


def test_subsampled_colour_needs_two_bytes_a_pixel(tmp_path: Path) -> None:
    dataset = image(
        2,
        4,
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_FULL_422",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PlanarConfiguration=0,
        PixelData=bytes(16),
    )
    assert opened(tmp_path, dataset).header.problem == ""


def test_a_cut_file_says_how_much_is_there() -> None:
    header = header_of(str(pixel_file_named("MR_truncated.dcm")))
    assert header.problem == "pixel data ends early: 8,130 of 8,192 bytes"
    assert (header.shared.rows, header.shared.columns, header.shared.frame_count) == (64, 64, 1)


def test_an_image_without_rows_is_no_image(tmp_path: Path) -> None:
    dataset = image()
    del dataset.Rows
    instance = opened(tmp_path, dataset)
    assert not instance.header.shared.has_pixels
    assert instance.pixel_location is None


def test_the_first_window_is_the_default(tmp_path: Path) -> None:
    dataset = image(WindowCenter=[40, 50], WindowWidth=[400, 500])
    assert opened(tmp_path, dataset).header.default_window == Window(40, 400)


def test_the_default_window_of_many_frames_is_that_of_the_first(tmp_path: Path) -> None:
    def voi(center: int) -> dict[str, Any]:
        return {"FrameVOILUTSequence": item(WindowCenter=center, WindowWidth=9)}

    dataset = image(SharedFunctionalGroupsSequence=groups(voi(1)))
    assert opened(tmp_path, dataset).header.default_window == Window(1, 9)
    dataset.PerFrameFunctionalGroupsSequence = groups(voi(10), voi(20))
    assert opened(tmp_path, dataset).header.default_window == Window(10, 9)


def test_a_layout_that_contradicts_itself_is_mended() -> None:
    dataset = image(BitsStored=20, HighBit=3)
    layout, repairs = read_layout(dataset, SampleKind.INTEGER)
    assert (layout.bits_stored, layout.high_bit) == (16, 15)
    assert {repair.code for repair in repairs} == {"bits-stored", "high-bit"}


def test_bits_in_the_middle_of_a_word_are_kept() -> None:
    layout, repairs = read_layout(image(BitsStored=12, HighBit=13), SampleKind.INTEGER)
    assert (layout.bits_stored, layout.high_bit) == (12, 13)
    assert repairs == ()


@pytest.mark.parametrize(("samples", "expected"), [(1, "MONOCHROME2"), (3, "RGB")])
def test_an_absent_photometric_interpretation_is_guessed(samples: int, expected: str) -> None:
    dataset = image(SamplesPerPixel=samples)
    del dataset.PhotometricInterpretation
    layout, (repair,) = read_layout(dataset, SampleKind.INTEGER)
    assert layout.photometric_interpretation == expected
    assert repair.element == "(0028,0004) Photometric Interpretation"


@pytest.mark.parametrize(
    ("keyword", "kind", "bits"),
    [("FloatPixelData", SampleKind.FLOAT, 32), ("DoubleFloatPixelData", SampleKind.DOUBLE, 64)],
)
@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_floating_point_pixels_have_their_own_kind(
    tmp_path: Path, keyword: str, kind: SampleKind, bits: int, syntax: str
) -> None:
    dataset = image(1, 2)
    for integer_only in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, integer_only)
    setattr(dataset, keyword, bytes(bits // 4))
    dataset.BitsAllocated = bits
    instance = opened(tmp_path, part10(dataset, syntax))
    assert instance.layout.kind is kind
    assert (instance.layout.bits_allocated, instance.layout.high_bit) == (bits, bits - 1)
    assert instance.pixel_location is not None
    assert instance.pixel_location.length == bits // 4
    assert instance.header.problem == ""
    assert instance.repairs == ()


def test_an_instance_reads_the_file_it_was_made_of_and_no_other(tmp_path: Path) -> None:
    instance = opened(tmp_path, image())
    path = tmp_path / "file.dcm"
    content = path.read_bytes()
    path.write_bytes(content + b"\0\0")
    with pytest.raises(FileChanged):
        instance.open()
    with pytest.raises(FileChanged):
        open_instance(str(path), expected=instance.stamp)
    path.unlink()
    with pytest.raises(FileGone):
        instance.open()


def test_a_deflated_instance_is_read_from_memory() -> None:
    instance = open_instance(str(pixel_file_named("image_dfl.dcm")))
    location = instance.pixel_location
    assert location is not None
    with instance.open() as source:
        assert source is instance.inflated
        stored = source.pread(location.offset, location.length or 0)
    expected = pydicom.dcmread(pixel_file_named("image_dfl.dcm")).PixelData
    assert stored == expected


MUTANTS = 400


def mutant(content: bytes, generator: random.Random) -> bytes:
    """Damage of the kinds that transfers, disks and writers do, mostly in the header."""
    place = generator.randrange(min(len(content), 3000))
    noise = generator.randbytes(generator.randrange(1, 9))
    changed = bytearray(content)
    match generator.randrange(6):
        case 0:
            del changed[generator.randrange(len(content)) :]
        case 1:
            changed[place] ^= 1 << generator.randrange(8)
        case 2:
            limit = generator.choice((0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000))
            changed[place : place + 4] = struct.pack("<L", limit)
        case 3:
            changed[place:place] = noise
        case 4:
            del changed[place : place + len(noise)]
        case _:
            changed[place : place + len(noise)] = noise
    return bytes(changed)


def test_damaged_files_raise_nothing_but_our_own_errors(tmp_path: Path) -> None:
    generator = random.Random(7)
    contents = [path.read_bytes() for path in pixel_files() if path.stat().st_size < 60_000]
    contents += [part10(image(), uid.ImplicitVRLittleEndian)]
    path = tmp_path / "mutant.dcm"
    read = 0
    for _ in range(MUTANTS):
        path.write_bytes(mutant(generator.choice(contents), generator))
        begin = time.process_time()
        try:
            instance = open_instance(str(path))
        except DcmviewError:
            pass
        else:
            read += 1
            assert header_of(str(path)) == instance.header
            assert tag_tree(instance)
            if instance.pixel_location is not None:
                display_recipe(instance, 0)
        assert time.process_time() - begin < 5
    assert read > MUTANTS * 0.8


@pytest.mark.filterwarnings("default")
def test_reading_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        for path in pixel_files()[:50]:
            tag_tree(open_instance(str(path)))
    assert capfd.readouterr() == ("", "")


def test_sizes_are_plain_python_numbers() -> None:
    layout = open_instance(str(pixel_file_named("CT_small.dcm"))).layout
    assert not any(isinstance(getattr(layout, name), np.generic) for name in layout.__slots__)


@pytest.mark.parametrize("label", [b"MONO\r\nX: 1 ", b"\xff\xfe", b"MONOCHROME\x002"])
def test_a_photometric_interpretation_that_is_no_word_is_replaced(label: bytes) -> None:
    dataset = image()
    del dataset.PhotometricInterpretation
    add_raw(dataset, "PhotometricInterpretation", "CS", label)
    layout, repairs = read_layout(dataset, SampleKind.INTEGER)
    assert layout.photometric_interpretation == "MONOCHROME2"
    assert [repair.code for repair in repairs] == ["no-photometric-interpretation"]


def test_the_element_of_float_samples_fixes_their_size() -> None:
    layout, repairs = read_layout(image(BitsAllocated=8), SampleKind.FLOAT)
    assert (layout.bits_allocated, layout.bits_stored) == (32, 32)
    assert "bits-allocated" in [repair.code for repair in repairs]


@pytest.mark.parametrize(("samples", "used"), [(2, "the first one"), (4, "the three")])
def test_samples_without_an_interpretation_of_their_own_are_said(
    tmp_path: Path, samples: int, used: str
) -> None:
    dataset = image(SamplesPerPixel=samples, PlanarConfiguration=0, PixelData=bytes(12 * samples))
    (repair,) = opened(tmp_path, dataset).header.repairs
    assert repair.code == "samples-per-pixel"
    assert repair.used.startswith(used)


def test_three_samples_that_call_themselves_grey_are_colours(tmp_path: Path) -> None:
    dataset = image(SamplesPerPixel=3, PlanarConfiguration=0, PixelData=bytes(36))
    instance = opened(tmp_path, dataset)
    assert instance.layout.photometric_interpretation == "RGB"
    assert [each.code for each in instance.header.repairs] == ["photometric-interpretation"]
