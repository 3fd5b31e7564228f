"""Zip archives of ROI files: every file is read, and what is none is named."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from dcmview.errors import InvalidAnnotation
from dcmview.exchange import archives
from dcmview.exchange.readers import read_table

TABLE = b"file,x1,y1,x2,y2\n%s,1,2,3,4\n"


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_every_file_of_an_archive_is_read_and_what_is_none_is_named():
    table = read_table(
        zipped(
            {
                "readers/": b"",
                "readers/a.csv": TABLE % b"a.dcm" + b"b.dcm,,,,\n",
                "b.csv": TABLE % b"b.dcm",
                "notes.bin": b"\x00\x01",
                "__MACOSX/._b.csv": b"litter",
                "readers/.DS_Store": b"litter",
                "more.zip": zipped({"c.csv": TABLE % b"c.dcm"}),
            }
        ),
        "all.zip",
    )
    assert table.format == "zip"
    assert [(row.place, row.path) for row in table.rows] == [
        ("readers/a.csv, row 2", "a.dcm"),
        ("b.csv, row 2", "b.dcm"),
    ]
    assert table.left_out == (
        ("readers/a.csv, row 3", "has no coordinates: b.dcm"),
        ("notes.bin", "neither JSON, a table, a DICOM object, masks nor a zip of these"),
        ("more.zip", "is an archive within an archive"),
    )


def test_a_damaged_file_does_not_keep_the_others_out():
    content = bytearray(zipped({"a.csv": TABLE % b"a.dcm", "b.csv": TABLE % b"b.dcm"}, 0))
    content[content.index(b"a.dcm")] ^= 1  # its checksum is wrong now
    table = read_table(bytes(content), "x.zip")
    assert [row.path for row in table.rows] == ["b.dcm"]
    ((place, reason),) = table.left_out
    assert place == "a.csv"
    assert "cannot be read: Bad CRC-32" in reason


def test_an_archive_that_claims_far_too_much_is_refused_unread():
    content = bytearray(zipped({"a.csv": TABLE % b"a.dcm"}))
    directory = content.index(b"PK\x01\x02")
    struct.pack_into("<L", content, directory + 24, (1 << 30) + 1)  # size when unpacked
    with pytest.raises(InvalidAnnotation, match="1 GiB"):
        read_table(bytes(content), "x.zip")


def test_a_file_that_unpacks_to_too_much_is_left_out(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1 << 20)
    table = read_table(zipped({"a.csv": b" " * ((1 << 20) + 1)}), "x.zip")
    assert table.left_out == (("a.csv", "is larger than 1 MiB"),)


def test_what_begins_like_an_archive_and_is_none_is_refused():
    with pytest.raises(InvalidAnnotation):
        read_table(b"PK\x03\x04" + b"\x00" * 100, "x.zip")


def test_what_is_no_archive_is_refused_where_one_is_wanted():
    with pytest.raises(InvalidAnnotation, match="the archive cannot be read: File is not a zip"):
        read_table(TABLE % b"a.dcm", "x.zip", form="zip")
