"""A data set of plain elements gives the tolerant readers what pydicom's gives them."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.filereader import read_dataset
from support.datasets import element

from dcmview.dicom import elements
from dcmview.dicom.keywords import KEYWORDS
from dcmview.dicom.plain import Declined
from dcmview.dicom.plainset import PlainDataset
from dcmview.dicom.recording import recorded_warnings

ROOT = Path(__file__).parents[2]
CHARACTER_SET = 0x00080005


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_keywords_are_those_of_the_dictionary(keyword):
    tag = tag_for_keyword(keyword)
    assert KEYWORDS[keyword] == (tag, dictionary_description(tag))
    assert elements.element_name(keyword).startswith(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) ")


def both(keyword, value, character_set=b""):
    """The plain data set with an element, and pydicom's."""
    tag = KEYWORDS[keyword][0]
    vr = dictionary_VR(tag)
    content = [(tag, vr.split(" ")[0], value)]
    if character_set:
        content.insert(0, (CHARACTER_SET, "CS", character_set))
    encoded = b"".join(element(*each) for each in content)
    parsed = read_dataset(io.BytesIO(encoded), is_implicit_VR=False, is_little_endian=True)
    return PlainDataset(content), parsed


def readings(dataset, keyword):
    with recorded_warnings():
        return (
            (elements.raw_bytes(dataset, keyword) or (b"",))[0],
            elements.numbers(dataset, keyword),
            elements.text(dataset, keyword),
        )


PLAIN = [
    ("WindowCenter", b"40\\-600 "),
    ("WindowCenter", b""),
    ("PixelSpacing", b"0.810547\\0.810547 "),
    ("NumberOfFrames", b"12"),
    ("Rows", b"\x00\x02"),
    ("ShutterPresentationColorCIELabValue", b"\x01\x00\xff\xff\x03\x00"),
    ("PhotometricInterpretation", b"MONOCHROME2 "),
    ("ShutterShape", b"RECTANGULAR\\CIRCULAR"),
    ("SOPClassUID", b"1.2.840.10008.5.1.4.1.1.2\0"),
    ("RescaleType", b"HU"),
    ("WindowCenterWidthExplanation", b"WINDOW1\\WINDOW2 "),
]


@pytest.mark.parametrize(("keyword", "value"), PLAIN)
def test_plain_values_are_read_as_pydicom_reads_them(keyword, value):
    plain, parsed = both(keyword, value)
    assert readings(plain, keyword) == readings(parsed, keyword)


def test_text_is_in_the_character_set_of_the_file():
    keyword, value = "WindowCenterWidthExplanation", "für Ärzte ".encode("latin-1")
    plain, parsed = both(keyword, value, b"ISO_IR 100")
    assert elements.text(plain, keyword) == elements.text(parsed, keyword) == "für Ärzte"


@given(
    st.sampled_from(["WindowCenter", "NumberOfFrames", "PhotometricInterpretation", "RescaleType"]),
    st.text(" \\-+.0123456789eEABC_\0\n", max_size=20),
)
def test_what_is_not_declined_is_what_pydicom_gives(keyword, text):
    value = text.encode() + b" " * (len(text) % 2)
    try:
        plain, parsed = both(keyword, value)
    except Declined:
        return
    assert readings(plain, keyword) == readings(parsed, keyword)


@pytest.mark.parametrize(
    ("keyword", "value", "character_set"),
    [
        ("WindowCenter", b"40 HU", b""),
        ("NumberOfFrames", b"1.0 ", b""),
        ("PhotometricInterpretation", b"monochrome2 ", b""),
        ("RescaleType", b" HU ", b""),
        ("RescaleType", b"H\x1bU ", b""),
        ("RescaleType", b"HU", b"ISO 2022 IR 87"),
        ("Rows", b"\x01", b""),
    ],
)
def test_what_is_not_plain_is_declined(keyword, value, character_set):
    content = [(KEYWORDS[keyword][0], dictionary_VR(KEYWORDS[keyword][0]), value)]
    if character_set:
        content.append((CHARACTER_SET, "CS", character_set))
    with pytest.raises(Declined):
        PlainDataset(content)


def test_a_picture_of_a_plain_file_needs_no_pydicom():
    program = (
        "import sys; from dcmview.__main__ import run;"
        f"code = run(['render', {str(ROOT / 'fixtures/ct/slice-01.dcm')!r}, '-f', 'png']);"
        "print(code, {'pydicom', 'imagecodecs', 'PIL', 'typer'} & set(sys.modules),"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=60, check=True
    )
    assert done.stdout.startswith(b"\x89PNG")
    assert done.stderr == b"0 set()\n"
