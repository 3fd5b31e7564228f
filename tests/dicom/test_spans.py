"""Where elements lie: the quick way finds what looking at every element finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from support.datasets import image, item, part10

from dcmview.dicom import spans
from dcmview.dicom.source import MemorySource, open_source
from dcmview.errors import Unreadable

PLACE = 0x6000FFFF
FILES = sorted(Path(get_testdata_file("CT_small.dcm", download=False)).parent.glob("*.dcm"))


def found(source):
    read = spans.read_spans(source)
    return (
        read.place_of(PLACE),
        read.values,
        read.meta,
        {tag: read.begins[tag] for tag in read.values},
        read.explicit,
        read.little_endian,
    )


def both_ways(source, monkeypatch):
    answers = []
    for is_quick in (True, False):
        with monkeypatch.context() as patch:
            if not is_quick:
                patch.setattr(spans, "_chain_spans", lambda _head, _source: None)
            try:
                answers.append(found(source))
            except Unreadable as exc:
                answers.append(exc.message)
    return answers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_both_ways_agree_on_real_files(path, monkeypatch):
    with open_source(str(path)) as source:
        quick, thorough = both_ways(source, monkeypatch)
    assert quick == thorough


def test_most_real_files_take_the_quick_way():
    quick = 0
    for path in FILES:
        with open_source(str(path)) as source:
            quick += spans._chain_spans(source.pread(0, 16384), source) is not None
    assert quick > len(FILES) / 2


def test_of_a_uid_that_is_there_twice_the_one_of_the_object_is_found(monkeypatch):
    # In a language code sequence, before the one of the object itself.
    inner = item(SOPInstanceUID="1.2.3.4")
    content = part10(image(2, 3, LanguageCodeSequence=inner))
    source = MemorySource(content)
    quick, thorough = both_ways(source, monkeypatch)
    assert quick == thorough
    begin, _ = quick[1][spans.SOP_INSTANCE_UID]
    assert content[begin : begin + 8] == b"1.2.3.4\0"
    assert begin == content.rindex(b"\x08\x00\x18\x00UI") + 8
