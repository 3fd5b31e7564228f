"""--report writes over nothing but an earlier report."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile

import pytest
from pydicom.data import get_testdata_file

from dcmview.cli.report import check_target, write_report
from dcmview.errors import UsageError
from dcmview.library import Library, LibrarySettings

CT = get_testdata_file("CT_small.dcm", download=False)


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(CT, folder / "a.dcm")
    (folder / "notes, mine.txt").write_text("hello")
    library = Library(LibrarySettings(paths=(str(folder),)))
    library.start_scan()
    assert library.wait_scan(20)
    yield library
    library.close()


def test_the_report_is_csv_or_json_by_its_name(library, tmp_path):
    table, tree = tmp_path / "report.csv", tmp_path / "report.json"
    for _ in range(2):  # an earlier report may be written over
        write_report(library, str(table))
        write_report(library, str(tree))
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    study = tmp_path / "study"
    assert rows == [
        {"path": str(study / "a.dcm"), "end": "shown", "reason": "", "index": "0"},
        {
            "path": str(study / "notes, mine.txt"),
            "end": "not_dicom",
            "reason": "no DICOM data set",
            "index": "",
        },
    ]
    content = json.loads(tree.read_text())
    assert content["complete"]
    assert [row["end"] for row in content["paths"]] == ["shown", "not_dicom"]
    assert [row["index"] for row in content["paths"]] == [0, None]


def test_nothing_else_is_written_over(library, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.write(CT)
    for path in (tmp_path / "study" / "a.dcm", tmp_path / "study.zip", tmp_path / "study"):
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(UsageError):
            write_report(library, str(path))
        assert before is None or path.read_bytes() == before


def test_a_target_is_refused_before_anything_is_scanned(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        check_target(str(tmp_path / "nowhere" / "report.csv"))
    check_target(str(tmp_path / "report.csv"))
    check_target("report.csv")
    assert not (tmp_path / "report.csv").exists()
