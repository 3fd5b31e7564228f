"""Which file a row of an imported table means, and when nobody can tell."""

from __future__ import annotations

import pytest

from dcmview.annotations.imports import ImportRow
from dcmview.annotations.matching import match_rows
from dcmview.annotations.native import FileKey

FILES = [
    (0, FileKey("1.1", "/data/case1/1.dcm")),
    (1, FileKey("1.2", "/data/case2/1.dcm")),
    (2, FileKey("1.3", "/data/case2/2.dcm")),
]


def match(*named, files=FILES, folders=()):
    """Match rows given as (path, uid) and give file and way, or the reason, of each."""
    rows = [
        ImportRow(f"row {number}", path, (), uid) for number, (path, uid) in enumerate(named, 2)
    ]
    matches = match_rows(rows, files, folders)
    found = {row.place: (file, how) for row, file, how in matches.found}
    found.update(dict(matches.unmatched))
    return [found[row.place] for row in rows]


@pytest.mark.parametrize(
    ("path", "uid", "expected"),
    [
        ("/data/case2/1.dcm", "", (1, "path")),
        ("/data//x/../case2/1.dcm", "", (1, "path")),
        ("case2/1.dcm", "", (1, "path")),
        ("C:\\images\\case2\\1.dcm", "", (1, "name")),
        ("2.dcm", "", (2, "name")),
        ("/elsewhere/2.dcm", "", (2, "name")),
        ("", "1.3", (2, "uid")),
        ("/elsewhere/9.dcm", "1.3", (2, "uid")),
        ("pictures/1.3.png", "", (2, "uid")),
        ("masks/2.png", "", (2, "name")),
        ("masks/2.dcm.png", "", (2, "name")),
        ("masks/case2/1.png", "", (1, "name")),
    ],
)
def test_a_row_finds_its_file(path, uid, expected):
    assert match((path, uid)) == [expected]


@pytest.mark.parametrize(
    ("path", "uid", "words"),
    [
        ("masks/1.png", "", "could mean 2 listed files: masks/1.png: /data/case1/1.dcm"),
        ("1.dcm", "", "could mean 2 listed files: 1.dcm: /data/case1/1.dcm, /data/case2/1.dcm"),
        ("/data/case3/1.dcm", "", "could mean 2 listed files"),
        ("9.dcm", "", "matches no listed file: 9.dcm"),
        ("/data/case2/2.dcm", "9.9", "SOP Instance UID 9.9 (/data/case2/2.dcm)"),
        ("", "", "names no file"),
    ],
)
def test_a_row_that_means_none_or_several_says_so(path, uid, words):
    (reason,) = match((path, uid))
    assert words in reason


def test_a_relative_path_begins_in_the_folder_of_the_table():
    files = [(0, FileKey("", "/data/a.dcm")), (1, FileKey("", "/other/a.dcm"))]
    assert match(("a.dcm", ""), files=files, folders=("/other",)) == [(1, "path")]


def test_rows_of_many_cases_do_not_end_up_on_the_one_file_that_is_listed():
    rows = [(f"case{number}/1.dcm", "") for number in range(1, 4)]
    first, second, third = match(*rows, files=FILES[:1])
    assert first == (0, "path")
    assert "claimed by case1/1.dcm" in second
    assert "claimed by case1/1.dcm" in third
    for reason in match(*rows[1:], files=FILES[:1]):
        assert "matches no listed file" in reason


def test_several_rows_of_one_path_find_the_same_file():
    assert match(("2.dcm", ""), ("2.dcm", "")) == [(2, "name"), (2, "name")]
    whole = match(("/data/case2/2.dcm", ""), ("/data/./case2/2.dcm", ""))
    assert whole == [(2, "path"), (2, "path")]


def test_of_two_objects_with_one_uid_the_path_decides():
    files = [(0, FileKey("1.1", "/a/1.dcm")), (1, FileKey("1.1", "/b/1.dcm"))]
    assert match(("b/1.dcm", "1.1"), files=files) == [(1, "uid")]
    (reason,) = match(("", "1.1"), files=files)
    assert "could mean 2 listed files: SOP Instance UID 1.1" in reason


def test_of_a_file_that_was_listed_anew_the_last_counts():
    files = [(0, FileKey("1.1", "/a/1.dcm")), (7, FileKey("1.1", "/a/1.dcm"))]
    assert match(("1.dcm", ""), ("", "1.1"), files=files) == [(7, "name"), (7, "uid")]


def test_thousands_of_files_of_one_name_are_told_apart_by_their_folders():
    files = [(number, FileKey("", f"/data/{number}/1.dcm")) for number in range(5_000)]
    rows = [(f"{number}/1.dcm", "") for number in range(5_000)]
    assert match(*rows, files=files) == [(number, "path") for number in range(5_000)]
