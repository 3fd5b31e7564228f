"""The files a DICOMDIR names are found below its folder, and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.config import IGNORE
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from support.datasets import part10

from dcmview.model import FileEnd
from dcmview.registry.dicomdir import DicomDir, read_dicomdir

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(pydicom.__file__).parent / "data/test_files/dicomdirtests"
DICOMDIRS = sorted(
    path for path in FOLDER.rglob("DICOMDIR*") if path.is_file() and "empty" not in path.name
)
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


def dicomdir(path: Path, *file_ids: str | list[str], in_use: Iterable[int] = ()) -> Path:
    """Write a DICOMDIR with one record a File ID."""
    dataset = Dataset()
    dataset.SOPClassUID = MEDIA_STORAGE_DIRECTORY
    dataset.SOPInstanceUID = "1.2.3"
    records = []
    flags = list(in_use) or [0xFFFF] * len(file_ids)
    for file_id, flag in zip(file_ids, flags, strict=True):
        record = Dataset()
        record.RecordInUseFlag = flag
        record.DirectoryRecordType = "IMAGE"
        tag = Tag("ReferencedFileID")
        record[tag] = DataElement(tag, "CS", file_id, validation_mode=IGNORE)
        records.append(record)
    dataset.DirectoryRecordSequence = Sequence(records)
    path.write_bytes(part10(dataset))
    return path


def found(result: DicomDir, folder: Path) -> list[str]:
    """The paths that were found, below the folder."""
    return [os.path.relpath(file, folder) for file in result.files if isinstance(file, str)]


def touched(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize("path", DICOMDIRS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_real_dicomdirs_name_the_files_that_pydicom_finds(path: Path) -> None:
    dataset = pydicom.dcmread(path, force=True)
    expected = [
        path.parent.joinpath(*record.ReferencedFileID)
        for record in dataset.DirectoryRecordSequence
        if "ReferencedFileID" in record
    ]
    result = read_dicomdir(str(path))
    assert expected
    assert result.problem == ""
    assert result.missing == ()
    assert [Path(str(file)) for file in result.files] == expected


@pytest.mark.skipif(not shutil.which("dcmmkdir"), reason="DCMTK is not installed")
def test_a_dicomdir_of_dcmtk_names_its_files(tmp_path: Path) -> None:
    names = ["CT1", "SUB/MR1", "SUB/DEEP/CT2"]
    sources = ["CT_small.dcm", "MR_small.dcm", "CT_small.dcm"]
    for name, source in zip(names, sources, strict=True):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        dataset = pydicom.dcmread(get_testdata_file(source, download=False))
        dataset.SOPInstanceUID = f"1.2.3.{len(name)}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.StudyID = "1"
        dataset.save_as(tmp_path / name)
    command = ["dcmmkdir", "-Pgp", "-Nxc", "-W", "+D", "DICOMDIR", "+r", *names]
    made = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    result = read_dicomdir(str(tmp_path / "DICOMDIR"))
    assert sorted(found(result, tmp_path)) == sorted(names)


def test_names_are_found_in_other_capitals_and_with_versions(tmp_path: Path) -> None:
    touched(
        tmp_path, "images/im1", "Images2/Im2.;1", "IMAGES3/IM3;1", "IMAGES4/IM4.", "IMAGES5/IM5"
    )
    ids = [["IMAGES", "IM1"], ["IMAGES2", "IM2"], ["IMAGES3", "IM3"], ["IMAGES4", "IM4"]]
    path = dicomdir(tmp_path / "DICOMDIR", *ids, ["IMAGES5", "IM5.;1"])
    result = read_dicomdir(str(path))
    assert result.missing == ()
    assert found(result, tmp_path) == [
        "images/im1", "Images2/Im2.;1", "IMAGES3/IM3;1", "IMAGES4/IM4.", "IMAGES5/IM5",
    ]  # fmt: skip


def test_the_exact_name_comes_before_one_that_is_alike(tmp_path: Path) -> None:
    touched(tmp_path, "a", "A", "A;1")
    if len(os.listdir(tmp_path)) < 3:
        pytest.skip("this file system does not tell capitals apart")
    path = dicomdir(tmp_path / "DICOMDIR", "A", "a", "A;1", "A;2")
    assert found(read_dicomdir(str(path)), tmp_path) == ["A", "a", "A;1", "A"]


def test_files_come_in_the_order_of_the_records_each_once(tmp_path: Path) -> None:
    touched(tmp_path, "C", "A", "B")
    path = dicomdir(tmp_path / "DICOMDIR", "C", "A", "C", "B")
    result = read_dicomdir(str(path))
    assert result.file_ids == ("C", "A", "C", "B")
    assert found(result, tmp_path) == ["C", "A", "B"]


def test_records_not_in_use_name_nothing(tmp_path: Path) -> None:
    touched(tmp_path, "A", "B")
    path = dicomdir(tmp_path / "DICOMDIR", "A", "B", in_use=(0, 0xFFFF))
    assert found(read_dicomdir(str(path)), tmp_path) == ["B"]


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    touched(tmp_path, "A/B")
    path = dicomdir(tmp_path / "DICOMDIR", ["A", "C"], ["X", "Y", "Z"], ["A", "B"], ["A", "B", "C"])
    result = read_dicomdir(str(path))
    assert found(result, tmp_path) == ["A/B"]
    assert [(s.path, s.end, s.reason) for s in result.missing] == [
        (str(tmp_path / "A/C"), FileEnd.UNREADABLE, r"named by the DICOMDIR as A\C, and not there"),
        (
            str(tmp_path / "X/Y/Z"),
            FileEnd.UNREADABLE,
            r"named by the DICOMDIR as X\Y\Z, and not there",
        ),
        (
            str(tmp_path / "A/B/C"),
            FileEnd.UNREADABLE,
            r"named by the DICOMDIR as A\B\C, and not there",
        ),
    ]


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize(
    "file_id",
    [
        ["..", "secret"],
        ["IN", "..", "..", "secret"],
        "/etc/passwd",
        "../secret",
        ["", "etc", "passwd"],
        ["IN", "", "secret"],
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(
    file_id: str | list[str], tmp_path: Path
) -> None:
    touched(tmp_path, "secret", "medium/IN/A")
    path = dicomdir(tmp_path / "medium/DICOMDIR", file_id)
    result = read_dicomdir(str(path))
    (missing,) = result.files
    assert result.missing == (missing,)
    assert not isinstance(missing, str)
    assert missing.reason.endswith("which leaves its folder")
    assert os.path.normpath(missing.path).startswith(str(tmp_path / "medium"))


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_followed(tmp_path: Path) -> None:
    touched(tmp_path, "outside/SECRET", "medium/IN/A")
    medium = tmp_path / "medium"
    (medium / "OUT").symlink_to(tmp_path / "outside")
    (medium / "LINK").symlink_to(tmp_path / "outside/SECRET")
    (medium / "GOOD").symlink_to("IN/A")
    (medium / "GOODDIR").symlink_to("IN")
    ids = (["OUT", "SECRET"], ["OUT", "NONE"], "LINK", "GOOD", ["GOODDIR", "A"])
    result = read_dicomdir(str(dicomdir(medium / "DICOMDIR", *ids)))
    assert found(result, medium) == ["GOOD", "GOODDIR/A"]
    assert [missing.reason.partition(", ")[2] for missing in result.missing] == [
        "where a link leaves its folder"
    ] * 3


def test_a_folder_that_is_a_link_itself_is_the_folder(tmp_path: Path) -> None:
    touched(tmp_path, "real/IN/A")
    dicomdir(tmp_path / "real/DICOMDIR", ["IN", "A"])
    (tmp_path / "link").symlink_to("real")
    result = read_dicomdir(str(tmp_path / "link/DICOMDIR"))
    assert result.files == (str(tmp_path / "link/IN/A"),)


@pytest.mark.parametrize("content", [b"", b"no DICOM at all" * 20, bytes(128) + b"DICM"])
def test_what_is_no_dicomdir_has_a_problem_and_names_nothing(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "DICOMDIR").write_bytes(content)
    result = read_dicomdir(str(tmp_path / "DICOMDIR"))
    assert result.problem
    assert (result.files, result.missing) == ((), ())


def test_a_dicomdir_without_records_has_a_problem() -> None:
    result = read_dicomdir(get_testdata_file("CT_small.dcm", download=False))
    assert result.problem == "it has no directory records"
    assert result.files == ()


def test_a_missing_dicomdir_has_a_problem(tmp_path: Path) -> None:
    assert "No such file" in read_dicomdir(str(tmp_path / "DICOMDIR")).problem


def test_a_damaged_dicomdir_gives_what_is_before(tmp_path: Path) -> None:
    content = (FOLDER / "DICOMDIR").read_bytes()
    path = tmp_path / "DICOMDIR"
    path.write_bytes(content[: len(content) * 2 // 3])
    whole = read_dicomdir(str(FOLDER / "DICOMDIR")).file_ids
    result = read_dicomdir(str(path))
    assert result.problem
    assert 10 < len(result.file_ids) < len(whole)
    assert result.file_ids == whole[: len(result.file_ids)]


def test_a_record_without_sense_does_not_hide_the_others(tmp_path: Path) -> None:
    touched(tmp_path, "A", "B")
    path = dicomdir(tmp_path / "DICOMDIR", "A", "XXXXXXXX", "B")
    path.write_bytes(path.read_bytes().replace(b"XXXXXXXX", b"\0\xff\n\x1b[31m"))
    result = read_dicomdir(str(path))
    assert found(result, tmp_path) == ["A", "B"]
    (missing,) = result.missing
    assert missing.reason.isprintable()
