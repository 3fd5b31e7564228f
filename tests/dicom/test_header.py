"""The header walker: what it does not decline is exactly what pydicom's way gives."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import data_store
import pydicom
import pytest
from pydicom import uid
from pydicom.sequence import Sequence
from support.datasets import groups, image, item, part10
from support.paths import FIXTURES

from dcmview.dicom import elements, header
from dcmview.dicom.chain import ChainReader
from dcmview.dicom.header import HEAD_BYTES, HeaderWalker, read_header
from dcmview.dicom.header_slots import WANTED, header_chains
from dcmview.dicom.instance import scan_instance
from dcmview.dicom.source import open_source
from dcmview.errors import DcmviewError
from dcmview.model import Window

if TYPE_CHECKING:
    from pydicom import Dataset

    from dcmview.dicom.header import WalkedHeader
    from dcmview.model import InstanceHeader

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MUTANTS = 3_000


@pytest.fixture(autouse=True)
def _no_layout_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests before this one have read is forgotten."""
    monkeypatch.setattr(header, "_usual_chains", header_chains(WANTED))


def real_files() -> list[Path]:
    folders = [
        Path(pydicom.__file__).parent / "data",
        Path(data_store.__file__).parent,
        FIXTURES,
    ]
    if SHARED_DATA.is_dir():
        folders.append(SHARED_DATA)
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc", ".json", ".md", ".toml")
    )


def walked(path: Path, walker: HeaderWalker) -> WalkedHeader | None:
    with open_source(str(path)) as source:
        return walker.walk(source.pread(0, HEAD_BYTES), source.size, source.pread)


def reference(path: Path) -> InstanceHeader | None:
    with open_source(str(path)) as source:
        try:
            return scan_instance(source, str(path)).header
        except DcmviewError:
            return None


def test_every_real_file_is_declined_or_read_as_pydicom_reads_it() -> None:
    walker = HeaderWalker()
    files = read = images = images_read = 0
    for path in real_files():
        expected = reference(path)
        found = walked(path, walker)
        again = walked(path, walker)  # now by what was remembered
        has_pixels = expected is not None and expected.shared.has_pixels
        files += expected is not None
        images += has_pixels
        if found is None:
            assert again is None, path
            continue
        assert found.header == expected, path
        assert again is not None, path
        assert again.header == expected, path
        read += 1
        images_read += has_pixels
    # The rest is deflated, without meta information, damaged, or odd in its values.
    assert read > files * 0.8
    assert images_read > images * 0.8


def test_files_that_others_were_learnt_from_are_read_as_pydicom_reads_them() -> None:
    walker = HeaderWalker()
    for path in real_files():
        with open_source(str(path)) as source:
            try:
                first, _ = read_header(source, str(path), walker)
            except DcmviewError:
                continue
            second, _ = read_header(source, str(path), walker)
        assert first == second == reference(path), path


def mutant(content: bytes, generator: random.Random, other: bytes) -> bytes:
    """Damage of the kinds that transfers, disks and writers do, mostly in the header."""
    place = generator.randrange(128, min(len(content), 3000))
    noise = generator.randbytes(generator.randrange(1, 9))
    changed = bytearray(content)
    match generator.randrange(9):
        case 0:
            del changed[generator.randrange(len(content)) :]
        case 1:
            changed[place] ^= 1 << generator.randrange(8)
        case 2:
            limit = generator.choice((0, 2, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000))
            changed[place : place + 4] = struct.pack("<L", limit)
        case 3:
            changed[place:place] = noise
        case 4:
            del changed[place : place + len(noise)]
        case 5:  # a VR or the letters of a value
            at = content.find(generator.choice((b"LO", b"DS", b"UI", b"SQ", b"US", b"CS")), place)
            changed[at : at + 2] = generator.choice((b"UN", b"SQ", b"XX", b"OB", b"DS", b"ST"))
        case 6:  # an element twice
            changed[place:place] = changed[place : place + 40]
        case 7:  # the head of another file
            changed[:place] = other[:place]
        case _:
            changed[place : place + len(noise)] = noise
    return bytes(changed)


def test_every_mutant_is_declined_or_read_as_pydicom_reads_it(tmp_path: Path) -> None:
    generator = random.Random(4)
    walker = HeaderWalker()
    contents = [
        content
        for path in real_files()
        if 400 < len(content := path.read_bytes()) < 40_000 and walked(path, walker)
    ]
    contents += [part10(image(), uid.ImplicitVRLittleEndian)] * 20
    path = tmp_path / "mutant.dcm"
    read = 0
    for _ in range(MUTANTS):
        content = generator.choice(contents)
        path.write_bytes(mutant(content, generator, generator.choice(contents)))
        found = walked(path, walker)
        if found is not None:
            read += 1
            assert found.header == reference(path)
    assert read > MUTANTS * 0.25


@pytest.fixture
def read(tmp_path):
    """Read an image with some elements by the walker, and compare with pydicom's way."""

    def read(syntax: str = uid.ExplicitVRLittleEndian, **elements: Any) -> WalkedHeader | None:
        elements = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3", **elements}
        path = tmp_path / "image.dcm"
        path.write_bytes(part10(image(**elements), syntax))
        found = walked(path, HeaderWalker())
        assert found is None or found.header == reference(path)
        return found

    return read


@pytest.mark.parametrize(
    "syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian]
)
def test_the_walker_gives_what_the_file_says(read, syntax):
    found = read(
        syntax,
        PatientName="Doe^Jane",
        ImagePositionPatient=[1, -2.5, 3],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[0.5, 0.25],
        WindowCenter=[40, 300],
        WindowWidth=[400, 1500],
        InstanceNumber=7,
        EchoTime="12.5",
        DiffusionBValue=800.0,
    )
    assert found is not None
    header = found.header
    assert header.shared.patient_name == "Doe^Jane"
    assert (header.shared.rows, header.shared.columns) == (2, 3)
    assert header.placement.position == (1, -2.5, 3)
    assert header.shared.acquisition.pixel_spacing == (0.5, 0.25)
    assert header.shared.acquisition.echo_time_ms == 12.5
    assert header.shared.acquisition.b_value == 800
    assert header.default_window == Window(40, 400)
    assert header.instance_number == "7"


@pytest.mark.parametrize(
    "elements",
    [
        {"PatientName": "Doe^Jane=Doe"},  # groups of a name
        {"StudyDescription": "one\\two"},
        {"WindowCenter": 1, "WindowWidth": 0},
        {"WindowCenter": [1, 2], "WindowWidth": 4},
        {"WindowCenter": 1, "WindowWidth": 0.5},
        {"NumberOfFrames": 3},  # more than there is data for
        {"BitsStored": 17},
        {"HighBit": 16},
        {"SamplesPerPixel": 2},
        {"PhotometricInterpretation": "YBR_FULL_422"},
        {"StudyDate": "20240230x"},
        {"Modality": "ct"},
        {"SpecificCharacterSet": "ISO 2022 IR 87", "PatientName": "A"},
        {"FrameVOILUTSequence": item(WindowCenter=1, WindowWidth=9)},
        {"PerFrameFunctionalGroupsSequence": item(FrameVOILUTSequence=item(WindowCenter=1))},
    ],
    ids="-".join,
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_not_plain_is_declined(read, elements):
    assert read() is not None
    assert read(**elements) is None


WINDOW = item(WindowCenter=40, WindowWidth=400)
OTHER = item(WindowCenter=7, WindowWidth=70)
EMPTY: dict[str, Any] = {"FrameContentSequence": item(StackID="1")}


@pytest.mark.parametrize(
    ("per_frame", "shared", "expected"),
    [
        ([{"FrameVOILUTSequence": WINDOW}, {"FrameVOILUTSequence": OTHER}], [EMPTY], 40),
        ([EMPTY, {"FrameVOILUTSequence": OTHER}], [{"FrameVOILUTSequence": WINDOW}], 40),
        ([EMPTY], [EMPTY], 1),
        ([{"FrameVOILUTSequence": Sequence([])}], [{"FrameVOILUTSequence": WINDOW}], 40),
        ([{"FrameVOILUTSequence": item(VOILUTFunction="LINEAR")}], [EMPTY], 1),
        ([{"FrameVOILUTSequence": WINDOW}], [], 40),
        ([], [{"FrameVOILUTSequence": WINDOW}], 40),
    ],
)
@pytest.mark.parametrize(
    ("syntax", "is_open"),
    [
        (uid.ExplicitVRLittleEndian, False),
        (uid.ExplicitVRLittleEndian, True),
        (uid.ImplicitVRLittleEndian, False),
        (uid.ImplicitVRLittleEndian, True),
    ],
)
def test_the_window_of_the_first_frame_comes_from_its_groups(
    tmp_path, *, per_frame, shared, expected, syntax, is_open
):
    dataset = image(
        PerFrameFunctionalGroupsSequence=groups(*per_frame),
        SharedFunctionalGroupsSequence=groups(*shared),
        WindowCenter=1,
        WindowWidth=10,
    )
    for element in dataset.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = is_open
            for each in element.value:
                each.is_undefined_length_sequence_item = is_open
    path = tmp_path / "groups.dcm"
    path.write_bytes(part10(dataset, syntax))
    walker = HeaderWalker()
    for _ in range(2):  # anew, and as it is remembered
        found = walked(path, walker)
        assert found is not None
        assert found.header == reference(path)
        assert found.header.default_window is not None
        assert found.header.default_window.center == expected
        assert found.header.shared.has_frame_groups


def test_long_values_are_jumped_over_not_read(tmp_path):
    dataset = image()
    block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", bytes(90_000))
    path = tmp_path / "long.dcm"
    path.write_bytes(part10(dataset))
    walker = HeaderWalker()
    for _ in range(2):
        reads: list[tuple[int, int]] = []
        with open_source(str(path)) as source:

            def pread(offset: int, length: int, source: Any = source, reads: Any = reads) -> bytes:
                reads.append((offset, length))
                return source.pread(offset, length)

            found = walker.walk(source.pread(0, HEAD_BYTES), source.size, pread)
        assert found is not None
        assert found.header == reference(path)
        assert sum(length for _, length in reads) < 20_000


def test_a_series_is_kept_once_and_its_third_file_is_not_walked_any_more(tmp_path, monkeypatch):
    walker = HeaderWalker()
    headers = []
    for number in range(3):
        if number == 2:
            monkeypatch.setattr(ChainReader, "_walk", lambda *_: pytest.fail("walked"))
        path = tmp_path / f"{number}.dcm"
        elements = {"SOPInstanceUID": f"1.2.{100**number}", "InstanceNumber": 9 + number}
        path.write_bytes(part10(image(**elements)))
        found = walked(path, walker)
        assert found is not None
        assert found.header == reference(path)
        headers.append(found.header)
    assert headers[0].shared is headers[1].shared is headers[2].shared


def test_what_one_walker_has_walked_another_need_not(tmp_path, monkeypatch):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image()))
    assert walked(path, HeaderWalker()) is not None
    monkeypatch.setattr(ChainReader, "_walk", lambda *_: pytest.fail("walked"))
    found = walked(path, HeaderWalker())
    assert found is not None
    assert found.header == reference(path)


def test_names_in_a_rare_character_set_are_learnt_from_pydicom(tmp_path):
    walker = HeaderWalker()
    path = tmp_path / "name.dcm"
    shutil.copy(Path(pydicom.__file__).parent / "data/charset_files/chrH31.dcm", path)
    dataset = pydicom.dcmread(path)
    for keyword, value in image().items():
        if keyword not in dataset:
            dataset[keyword] = value
    dataset.SeriesInstanceUID = "1.2.3"
    path.write_bytes(part10(dataset))
    assert walked(path, walker) is None
    with open_source(str(path)) as source:
        read_header(source, str(path), walker)
    found = walked(path, walker)
    assert found is not None
    assert found.header.shared.patient_name.startswith("Yamada^Tarou=山田^太郎")
    dataset.SeriesInstanceUID = "1.2.4"
    path.write_bytes(part10(dataset))
    another = walked(path, walker)
    assert another is not None
    assert another.header == reference(path)


KEYWORDS = (
    "BodyPartExamined",  # CS
    "Manufacturer",  # LO
    "StationName",  # SH
    "PatientAge",  # AS
    "SliceThickness",  # DS, in the header as well
    "KVP",  # DS
    "Rows",  # US
    "StudyDate",
    "OperatorsName",  # PN
    "AcquisitionMatrix",  # several US
    "PatientComments",  # LT
    "TransferSyntaxUID",  # no part of the data set
    "FrameIncrementPointer",  # AT
    "PixelPaddingValue",  # US or SS
    "ReferencedImageSequence",
)


def test_keywords_have_the_text_that_pydicom_gives():
    walker = HeaderWalker(KEYWORDS)
    read = 0
    for path in real_files():
        found = walked(path, walker)
        if found is None:
            continue
        with open_source(str(path)) as source:
            dataset = scan_instance(source, str(path)).dataset
        assert found.values == tuple(elements.text(dataset, keyword) for keyword in KEYWORDS), path
        read += any(found.values)
    assert read > 50


def test_keywords_are_read_whichever_way_the_header_is(tmp_path):
    path = tmp_path / "keywords.dcm"
    for name in ("Doe^Jane", "Doe^Jane=Doe"):  # pydicom reads the second
        elements = {"BodyPartExamined": "CHEST", "Manufacturer": "ACME Corp.", "PatientName": name}
        path.write_bytes(part10(image(**elements)))
        walker = HeaderWalker(("BodyPartExamined", "Manufacturer", "StationName", "Modality"))
        with open_source(str(path)) as source:
            header, values = read_header(source, str(path), walker)
        assert values == ("CHEST", "ACME Corp.", "", "CT")
        assert header == reference(path)


def undefined(dataset: Dataset) -> Dataset:
    """Give every sequence and item an undefined length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for each in element.value:
                each.is_undefined_length_sequence_item = True
                undefined(each)
    return dataset


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_sequences_of_undefined_length_are_walked(syntax, tmp_path):
    dataset = image(
        ReferencedImageSequence=item(ReferencedSOPInstanceUID="1.2"),
        EnergyWindowInformationSequence=item(  # one that only pydicom's dictionary knows
            EnergyWindowName="A", EnergyWindowRangeSequence=item(EnergyWindowLowerLimit=1)
        ),
    )
    block = dataset.private_block(0x0019, "ACME", create=True)
    block.add_new(0x01, "SQ", item(CodeValue="X", SpecificCharacterSet="ISO_IR 100"))
    path = tmp_path / "sequences.dcm"
    path.write_bytes(part10(undefined(dataset), syntax))
    assert path.read_bytes().count(b"\xff\xff\xff\xff") == 8
    found = walked(path, HeaderWalker())
    assert found is not None
    assert found.header == reference(path)


def test_a_character_set_that_pydicom_does_not_know_is_declined_in_an_item_too(tmp_path):
    path = tmp_path / "item.dcm"
    content = part10(
        undefined(image(ReferencedImageSequence=item(SpecificCharacterSet="ISO_IR 6")))
    )
    path.write_bytes(content)
    assert walked(path, HeaderWalker()) is not None
    walker = HeaderWalker()
    assert walked(path, walker) is not None
    path.write_bytes(content.replace(b"ISO_IR 6", b"ISO_XX 6"))
    assert walked(path, walker) is None
    assert walked(path, HeaderWalker()) is None


def test_bytes_behind_small_pixels_are_left_to_pydicom(tmp_path):
    path = tmp_path / "small.dcm"
    path.write_bytes(part10(image(), uid.ImplicitVRLittleEndian) + b"\x01\x02\x03\x04" * 20)
    assert walked(path, HeaderWalker()) is None


def test_an_object_without_an_image_is_read(tmp_path):
    path = tmp_path / "report.dcm"
    dataset = image(SOPClassUID=uid.BasicTextSRStorage, Modality="SR", PatientName="Doe^Jane")
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(dataset, keyword)
    path.write_bytes(part10(dataset))
    found = walked(path, HeaderWalker())
    assert found is not None
    assert found.header == reference(path)
    assert found.header.shared.kind == "Basic Text SR Storage"


def test_a_hostile_sequence_costs_little(tmp_path):
    # Items of undefined length, one in another, far deeper than any real one.
    nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    content = part10(image())
    at = content.index(b"\x28\x00\x02\x00US")
    path = tmp_path / "deep.dcm"
    path.write_bytes(content[:at] + nested * 2000 + content[at:])
    assert walked(path, HeaderWalker()) is None
