"""ROIs as JSON of our own: nothing is lost, and nothing else is taken for it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rois import box, point, roi_lists

from dcmview.annotations.native import (
    Contents,
    FileKey,
    file_key,
    read_native,
    stored_key,
    write_native,
)
from dcmview.errors import InvalidAnnotation

SCHEMA = Path(__file__).parents[2] / "docs" / "rois.schema.json"

names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
byte_names = st.binary(min_size=1, max_size=6).filter(lambda raw: not set(raw) & {0, 47, 46})
paths = (
    st.lists(names | byte_names.map(os.fsdecode), min_size=1, max_size=3)
    .map(lambda parts: "/" + "/".join(parts))
    .filter(lambda path: os.path.normpath(path) == path)
)
keys = st.builds(FileKey, st.sampled_from(["", "1.2.3"]), paths)


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@given(st.dictionaries(keys, roi_lists(), max_size=4), st.sampled_from([None, "/", "/data"]))
def test_reading_what_was_written_gives_the_same_rois_of_the_same_files(files, folder):
    document = read_native(write_native(Contents(files), folder))
    again = {file_key(each, folder or "/"): each.rois for each in document.files}
    assert again == files
    types = [(type(p.x), type(p.y)) for rois in files.values() for r in rois for p in r.points]
    read = [(type(p.x), type(p.y)) for key in files for r in again[key] for p in r.points]
    assert types == read


def test_a_file_below_the_folder_is_named_by_its_way_from_there():
    assert stored_key(FileKey("1.2", "/data/x/a.dcm"), "/data").path == "x/a.dcm"
    assert stored_key(FileKey("1.2", "/database/a.dcm"), "/data").path == "/database/a.dcm"
    assert stored_key(FileKey("1.2", "/data/a.dcm")).path == "/data/a.dcm"


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_a_path_that_is_not_text_is_readable_and_exact():
    key = FileKey("", "/caf\udce9.dcm")
    stored = stored_key(key)
    assert stored.path == "/caf\\xe9.dcm"
    assert file_key(stored, "/") == key


def test_files_are_sorted_one_a_line_and_say_only_what_there_is_to_say():
    content = write_native(Contents({FileKey("2", "/b"): (box("a"),), FileKey("", "/a"): ()}))
    assert content.decode() == (
        '{"format":"dcmview-rois","version":1,"files":[\n'
        '{"path":"/a","rois":[]},\n'
        '{"sop_instance_uid":"2","path":"/b","rois":[{"id":"a","kind":"rectangle",'
        '"points":[{"x":1,"y":2},{"x":30,"y":40}]}]}\n'
        "]}\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not JSON of ROIs"),
        (b'{"x":' + b"[" * 100_000, "not JSON of ROIs: maximum recursion depth"),
        (b'{"files": []}', '"format" is not "dcmview-rois"'),
        (b'{"format":"dcmview-rois","version":2,"files":[]}', "version 2 of the form is unknown"),
        (b'{"format":"dcmview-rois","version":1}', "missing required field files"),
        (b'{"format":"dcmview-rois","version":1,"files":[{"path":"a","rois":[{}]}]}', "kind"),
        (
            (
                b'{"format":"dcmview-rois","version":1,"files":[{"path":"a","rois":'
                b'[{"kind":"length","points":[{"x":1,"y":1}]}]}]}'
            ),
            "a, ROI 0: a length has 2 point(s), not 1",
        ),
        (
            (
                b'{"format":"dcmview-rois","version":1,"files":[{"path":"a","rois":['
                b'{"id":"i","kind":"point","points":[{"x":1,"y":1}]},'
                b'{"id":"i","kind":"point","points":[{"x":1,"y":1}]}]}]}'
            ),
            "a: ROI 1: id 'i' is there twice",
        ),
        (
            (
                b'{"format":"dcmview-rois","version":1,"files":'
                b'[{"path":"a","path_base64":"?","rois":[]}]}'
            ),
            "a: ",
        ),
    ],
)
def test_what_is_not_rois_of_this_version_is_refused_with_the_reason(content, words):
    with pytest.raises(InvalidAnnotation) as caught:
        read_native(content)
    assert words in caught.value.message


def test_the_schema_names_every_field_and_kind_of_an_roi():
    roi = json.loads(SCHEMA.read_text())["$defs"]["Roi"]
    assert set(roi["properties"]) == set(type(point("a")).__struct_fields__)
    assert roi["required"] == ["kind", "points"]
    assert roi["additionalProperties"] is False
    assert len(roi["properties"]["kind"]["enum"]) == 9
