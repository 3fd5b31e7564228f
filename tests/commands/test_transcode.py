"""The command and the function: policy, names, archives, File-sets, a folder that is watched."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.fileset import FileSet as TheirFileSet
from support.datasets import image, part10
from support.paths import FIXTURES

from dcmview import transcode
from dcmview.__main__ import run as run_here
from dcmview.bulk.inputs import Inputs
from dcmview.bulk.result import Status
from dcmview.bulk.run import BulkRun
from dcmview.commands import transcode_tasks
from dcmview.commands.transcode import TranscodeRun
from dcmview.errors import CannotTranscode, RequestError, UsageError

CT, REPORT = get_testdata_file("CT_small.dcm"), get_testdata_file("reportsi.dcm")
RLE = get_testdata_file("MR_small_RLE.dcm")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(CT, folder / "ct.dcm")
    shutil.copy(RLE, folder / "deep" / "rle.dcm")
    shutil.copy(REPORT, folder / "deep" / "report.dcm")
    (folder / "notes.txt").write_text("no DICOM")
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def syntax_of(path: Path | str) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dcmview", "transcode", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=FIXTURES.parent,
        timeout=60,
    )


@pytest.mark.parametrize("to", ["jpegls", "rle", "j2k", "explicit"])
def test_frames_of_one_object_are_compressed_side_by_side_and_stay_in_order(
    tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart = next((FIXTURES / "ultrasound").glob("*.dcm"))
    assert pydicom.dcmread(heart, stop_before_pixels=True).NumberOfFrames > 5
    asked: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, size: int, name: str) -> None:
            asked.append(size)
            super().__init__(size, name)

    monkeypatch.setattr("dcmview.transcoding.frame_queue.ThreadPoolExecutor", Pool)
    for jobs in (1, 3):
        (result,) = transcode(heart, to, tmp_path / str(jobs), jobs=jobs, allow_recompress=True)
        assert result.status is Status.DONE
    assert hashes(tmp_path / "1") == hashes(tmp_path / "3")
    assert asked == ([] if to == "explicit" else [3])


def test_files_keep_their_place_and_the_inputs_what_they_are(study: Path, tmp_path: Path) -> None:
    before = hashes(study)
    out = tmp_path / "out"
    results = transcode(study, "jpegls", out)
    assert hashes(study) == before
    assert sorted(hashes(out)) == ["ct.dcm", "deep/report.dcm", "deep/rle.dcm"]
    assert syntax_of(out / "ct.dcm") == syntax_of(out / "deep/rle.dcm") == uid.JPEGLSLossless
    # What is no image goes out unchanged, and the reason is told.
    assert hashes(out)["deep/report.dcm"] == before["deep/report.dcm"]
    kept = next(each for each in results if each.input.endswith("report.dcm"))
    assert kept.status == Status.KEPT
    assert "no image" in kept.reason
    assert kept.figures["failure"] == "cannot_transcode"
    done = next(each for each in results if each.input.endswith("ct.dcm"))
    assert (done.status, done.figures["frames"], done.figures["max_error"]) == ("done", 1, 0)


@pytest.mark.parametrize(
    ("on_failure", "status", "is_written"),
    [("keep", Status.KEPT, True), ("skip", Status.SKIPPED, False), ("fail", Status.FAILED, False)],
)
def test_a_file_that_cannot_be_transcoded(
    tmp_path: Path, on_failure: str, status: Status, is_written: bool
) -> None:
    (result,) = transcode(REPORT, "rle", tmp_path, on_failure=on_failure)
    assert result.status == status
    assert "no image" in result.reason
    # What failed and did not count as that can be found by its figure.
    assert result.figures == ({} if on_failure == "fail" else {"failure": "cannot_transcode"})
    assert (tmp_path / "reportsi.dcm").exists() == is_written
    assert len(list(tmp_path.iterdir())) == int(is_written)  # nothing half done lies about


@pytest.mark.parametrize(
    ("options", "transcoded"),
    [
        ({"only_uncompressed": True}, {"ct.dcm"}),
        ({"only_compressed": True}, {"deep/rle.dcm"}),
        ({"accept": ["rle"]}, {"ct.dcm"}),
        ({"accept": ["1.2.840.10008.1.2.4.100"]}, {"ct.dcm", "deep/rle.dcm"}),  # MPEG-2
        ({"accept": ["RLELossless", "1.2.840.10008.1.2.1"]}, set()),
        ({"accept": "rle"}, {"ct.dcm"}),
    ],
)
def test_files_that_are_to_be_left_alone_go_out_unchanged(
    study: Path, tmp_path: Path, options: dict[str, object], transcoded: set[str]
) -> None:
    out = tmp_path / "out"
    results = transcode(study, "jpegls", out, **options)  # type: ignore[arg-type]
    before, after = hashes(study), hashes(out)
    assert {name for name in after if after[name] != before[name]} == transcoded
    unchanged = [each for each in results if each.status == Status.KEPT]
    assert all(each.reason for each in unchanged)


def test_what_is_in_the_syntax_already_goes_out_unchanged(tmp_path: Path) -> None:
    (result,) = transcode(RLE, "RLELossless", tmp_path)
    assert (tmp_path / "MR_small_RLE.dcm").read_bytes() == Path(RLE).read_bytes()
    assert (result.status, result.reason) == (Status.KEPT, "unchanged: it is in RLELossless")
    assert "failure" not in result.figures


def test_a_file_without_meta_information_gets_it_though_it_is_in_the_syntax(tmp_path: Path) -> None:
    source = get_testdata_file("ExplVR_LitEndNoMeta.dcm")
    for target, accept in (("explicit", ()), ("implicit", "explicit")):
        out = tmp_path / target
        (result,) = transcode(source, target, out, accept=accept)
        assert result.status == Status.DONE
        assert syntax_of(out / "ExplVR_LitEndNoMeta.dcm") == result.figures["to"]


def test_a_file_whose_elements_are_not_as_it_says_is_written_as_it_says(tmp_path: Path) -> None:
    whole, elements = part10(image()), part10(image(), uid.ImplicitVRLittleEndian)
    data_set = struct.pack("<HH", 0x0008, 0x0016)
    content = whole[: whole.index(data_set)] + elements[elements.index(data_set) :]
    (tmp_path / "a.dcm").write_bytes(content)
    (result,) = transcode(tmp_path / "a.dcm", "explicit", tmp_path / "out")
    assert result.status == Status.DONE
    assert (tmp_path / "out/a.dcm").read_bytes().endswith(whole[whole.index(data_set) :])


def test_a_second_run_does_only_what_is_missing(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transcode(study, "rle", out)
    first = hashes(out)
    (out / "ct.dcm").unlink()
    results = transcode(study, "rle", out)
    by_name = {Path(each.input).name: each.status for each in results}
    assert (by_name["ct.dcm"], by_name["rle.dcm"]) == (Status.DONE, Status.SKIPPED)
    assert hashes(out) == first


def test_what_could_not_be_transcoded_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise CannotTranscode("the machine was busy")

    with monkeypatch.context() as patches:
        patches.setattr(transcode_tasks, "transcode_entry", fail)
        first, second = (transcode(CT, "rle", tmp_path)[0] for _ in range(2))
    assert (first.status, second.status) == (Status.KEPT, Status.SKIPPED)
    assert "the machine was busy" in second.reason
    assert first.figures == second.figures
    (third,) = transcode(CT, "rle", tmp_path)
    assert third.status == Status.FAILED
    assert "--overwrite" in third.reason


def test_files_and_the_folders_that_name_them_are_on_the_disk_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in/below").mkdir(parents=True)
    shutil.copy(CT, tmp_path / "in/a.dcm")
    shutil.copy(CT, tmp_path / "in/below/b.dcm")
    synced, fsync = [], os.fsync

    def note(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    out = tmp_path / "out"
    transcode(tmp_path / "in", "rle", out)
    there = [out / "a.dcm", out / "below/b.dcm", out / "below", out, tmp_path]
    assert sorted(synced) == sorted(each.stat().st_ino for each in there)
    synced.clear()
    transcode(tmp_path / "in", "rle", zip=tmp_path / "out.zip")
    assert sorted(synced) == sorted(each.stat().st_ino for each in (tmp_path / "out.zip", tmp_path))
    synced.clear()
    transcode(tmp_path / "in", "rle", tmp_path / "unproven", prove=False)
    assert synced == []


def test_the_names_of_what_an_interrupted_run_has_done_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    with TranscodeRun(
        transcode_tasks.make_task("rle"), [CT], output_dir=str(tmp_path / "out")
    ) as run:
        for result in filter(None, BulkRun(Inputs([CT]), run.plan()).results()):
            run.take(result)
        monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
        run.finish(is_whole=False)
    assert sorted(synced) == sorted(each.stat().st_ino for each in (tmp_path / "out", tmp_path))


def test_ending_a_run_that_writes_its_archive_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(*_arguments: object) -> None:
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("dcmview.exchange.zipped.stream_zip", end)
    arguments = ["transcode", CT, "--to", "rle", "--zip", str(tmp_path / "a.zip"), "-j", "1"]
    assert run_here(arguments) == 130
    assert "a.zip is written when all files are done" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_output_never_replaces_an_input(study: Path) -> None:
    for out in (study, study / "deep"):
        with pytest.raises(UsageError, match="lies in"):
            transcode(study, "rle", out, overwrite=True)
    before = hashes(study)
    with pytest.raises(UsageError, match="holds"):
        transcode(study / "ct.dcm", "rle", study, overwrite=True)
    with pytest.raises(UsageError, match="lies in"):
        transcode(study, "rle", zip=study / "a.zip")
    with pytest.raises(UsageError, match="would replace the input"):
        transcode(study / "ct.dcm", "rle", zip=study / "ct.dcm", overwrite=True)
    with pytest.raises(UsageError, match="is no file"):
        transcode(study / "ct.dcm", "rle", zip=study / "deep", overwrite=True)
    transcode(study / "ct.dcm", "rle", zip=study / "beside.zip")
    (study / "beside.zip").unlink()
    assert hashes(study) == before


def test_nonsense_is_told_before_anything_is_written(tmp_path: Path) -> None:
    for error, arguments in (
        (RequestError, {"to": "jpeg3000"}),
        (RequestError, {"to": "rle", "quality": 50}),
        (RequestError, {"to": "rle", "accept": ["nothing"]}),
        (UsageError, {"to": "rle", "on_failure": "panic"}),
        (UsageError, {"to": "rle", "only_compressed": True, "only_uncompressed": True}),
        (UsageError, {"to": "rle", "zip": tmp_path / "a.zip"}),
        (UsageError, {"to": "rle", "dicomdir": True, "names": "uid"}),
        (UsageError, {"to": "rle", "output_dir": ""}),
        (UsageError, {"to": "rle", "output_dir": None, "zip": ""}),
    ):
        with pytest.raises(error):
            transcode(CT, **{"output_dir": tmp_path / "out", **arguments})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


# Archives and File-sets


@pytest.mark.parametrize(
    ("fails", "code", "options"),
    [
        ("tempfile.mkdtemp", 3, ["--zip", "a.zip"]),
        ("dcmview.exchange.zipped.stream_zip", 4, ["--zip", "a.zip"]),
        ("dcmview.transcoding.fileset.FileSet.encoded", 4, ["--dicomdir", "-o", "out"]),
        ("os.listdir", 3, ["--dicomdir", "-o", "."]),
    ],
)
def test_no_room_or_no_right_to_write_is_told_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    fails: str,
    code: int,
    options: list[str],
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patches:
        patches.setattr(fails, refuse)
        assert run_here(["transcode", CT, "--to", "rle", "-j", "1", *options]) == code
    told = capsys.readouterr().err.strip()
    assert told.endswith(": No space left on device")
    assert "\n" not in told
    assert not list(tmp_path.glob("*.zip"))


def test_an_archive_is_not_gone_on_with_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dcmview.cli.bulk.run_bulk", lambda *_arguments, **_options: 130)
    arguments = ["transcode", CT, "--to", "rle", "--zip", str(tmp_path / "a.zip")]
    assert run_here(arguments) == 130
    assert "a.zip is written when all files are done" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.zip").write_bytes(b"of an earlier run")
    assert run_here(arguments) == 2
    assert "archives are not gone on with; --overwrite replaces it" in capsys.readouterr().err
    assert (tmp_path / "a.zip").read_bytes() == b"of an earlier run"


def test_an_archive_holds_what_a_folder_would(study: Path, tmp_path: Path) -> None:
    out, archive = tmp_path / "out", tmp_path / "a.zip"
    transcode(study, "rle", out)
    results = transcode(study, "rle", zip=archive)
    with zipfile.ZipFile(archive) as found:
        content = {name: hashlib.sha256(found.read(name)).hexdigest() for name in found.namelist()}
    assert content == hashes(out)
    told = [path for each in results for path in each.outputs]
    assert told == [str(archive / name) for name in content]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out", "study"]
    with pytest.raises(UsageError, match="there is a file of that name"):
        transcode(study, "rle", zip=archive)
    before = archive.read_bytes()
    transcode(study, "rle", zip=archive, overwrite=True, jobs=2)
    assert archive.read_bytes() == before  # the same bytes from two processes


def test_a_file_set_is_read_by_others(study: Path, tmp_path: Path) -> None:
    bare = image()  # without Patient ID, Study ID, dates and numbers
    bare.StudyInstanceUID, bare.SeriesInstanceUID = "1.2.3.7", "1.2.3.8"
    (study / "bare.dcm").write_bytes(part10(bare))
    out = tmp_path / "out"
    results = transcode(study, "jpegls", out, dicomdir=True)
    written = [path for each in results for path in each.outputs]
    theirs = TheirFileSet(out / "DICOMDIR")
    assert sorted(each.path for each in theirs) == sorted(written)
    assert len(written) == 4
    for instance in theirs:
        stored = instance.load()
        assert instance.SOPInstanceUID == stored.SOPInstanceUID
        assert instance.ReferencedTransferSyntaxUIDInFile == syntax_of(instance.path)
        assert all(
            len(part) <= 8 and part.isalnum() and part.isupper()
            for part in Path(instance.path).relative_to(out).parts
        )
    theirs._stage["t"].cleanup()  # it makes a folder that it only takes away with a warning
    # DCMTK follows the links of the records too: each file is found below its patient.
    dump = subprocess.run(
        ["dcmdump", "-q", out / "DICOMDIR"], capture_output=True, text=True, check=True
    ).stdout
    assert dump.count("(0004,1500)") == 4
    again = tmp_path / "again"
    transcode(study, "jpegls", again, dicomdir=True)
    assert hashes(again) == hashes(out)


def test_a_file_set_holds_no_dicomdir_of_another_one(study: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    transcode(study, "explicit", first, dicomdir=True)
    results = transcode(first, "explicit", second, dicomdir=True)
    assert sorted(hashes(second)) == sorted(hashes(first))
    (left_out,) = (each for each in results if each.status is Status.SKIPPED)
    assert left_out.input == str(first / "DICOMDIR")
    assert "has its own" in left_out.reason
    # Without one it goes out as it is, where the files keep their names.
    transcode(first, "explicit", tmp_path / "third")
    assert hashes(tmp_path / "third") == hashes(first)


def test_of_many_files_without_a_record_the_first_are_named(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(23):
        shutil.copy(get_testdata_file("no_meta.dcm"), study / f"{number:02}.dcm")
    arguments = ["transcode", str(study), "--to", "rle", "--only-compressed", "--dicomdir"]
    report = tmp_path / "report.jsonl"
    archive = tmp_path / "a.zip"
    assert run_here([*arguments, "--zip", str(archive), "--report", str(report)]) == 0
    first = json.loads(report.read_text().splitlines()[0])
    assert first["outputs"] == [f"{archive}/PT000001/ST000001/SE000001/IM000001"]
    told = [line for line in capsys.readouterr().err.splitlines() if "warning: " in line]
    assert len(told) == 21
    # As they are called in the archive; the folder that it was made of is gone.
    assert told[0].startswith("dcmview: warning: PT000001/ST000001/SE000001/IM000001: not to be ")
    assert told[20] == "dcmview: warning: and 3 more that the DICOMDIR does not name"


def test_a_file_set_goes_into_an_empty_folder(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transcode(study, "rle", out, dicomdir=True)
    first = hashes(out)
    # By its number alone a file of another study would count as finished.
    with pytest.raises(UsageError, match="empty folder"):
        transcode(study / "deep", "rle", out, dicomdir=True)
    transcode(study, "rle", out, dicomdir=True, overwrite=True)
    assert hashes(out) == first


def test_a_file_without_its_series_is_in_the_set_and_not_in_the_dicomdir(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bare.dcm").write_bytes(part10(image()))
    shutil.copy(CT, tmp_path / "in" / "ct.dcm")
    done = run(tmp_path / "in", "--to", "rle", "--dicomdir", "-o", tmp_path / "out")
    assert done.returncode == 0
    assert "not to be listed in a DICOMDIR" in done.stderr
    directory = pydicom.dcmread(tmp_path / "out" / "DICOMDIR")
    kinds = [record.DirectoryRecordType for record in directory.DirectoryRecordSequence]
    assert kinds == ["PATIENT", "STUDY", "SERIES", "IMAGE"]
    assert len(hashes(tmp_path / "out")) == 3


def test_an_archive_can_be_a_file_set(study: Path, tmp_path: Path) -> None:
    transcode(study, "rle", zip=tmp_path / "a.zip", dicomdir=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        names = found.namelist()
        directory = pydicom.dcmread(io.BytesIO(found.read("DICOMDIR")))
    listed = [
        "/".join(record.ReferencedFileID)
        for record in directory.DirectoryRecordSequence
        if "ReferencedFileID" in record
    ]
    assert sorted(listed) == sorted(set(names) - {"DICOMDIR"})


# The command line


def test_the_command_says_what_was_kept_and_ends_well(study: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    done = run(study, "--to", "j2k", "-o", tmp_path / "out", "--report", report)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "1 file(s) could not be transcoded and went out as they were" in done.stderr
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert sorted(line["status"] for line in lines) == ["done", "done", "kept", "skipped"]
    assert (
        run(study, "--to", "j2k", "-o", tmp_path / "other", "--on-failure", "fail").returncode == 4
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "out"],  # no --to
        ["--to", "rle"],  # no output
        ["--to", "nonsense", "-o", "out"],
        ["--to", "rle", "-o", "out", "--near", "2"],
        ["--to", "rle", "--zip", "a.zip", "--watch"],
        ["--to", "rle", "--zip", "-"],
    ],
)
def test_mistakes_end_with_2_and_one_line(arguments: list[str], tmp_path: Path) -> None:
    placed = [str(tmp_path / each) if each in ("out", "a.zip") else each for each in arguments]
    done = run(CT, *placed)
    assert done.returncode == 2
    assert done.stderr.startswith("dcmview: ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [(), ("--overwrite", "-j", "1")])
def test_what_arrives_in_a_watched_folder_is_transcoded(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    incoming, out = tmp_path / "in", tmp_path / "out"
    incoming.mkdir()
    shutil.copy(CT, incoming / "first.dcm")
    arguments = ["transcode", incoming, "--to", "rle", "--watch", "-o", out, *options]
    program = (
        "from dcmview.cli import bulk; bulk.WATCH_INTERVAL_S = 0.8; "
        "from dcmview.__main__ import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], cwd=FIXTURES.parent
    ) as process:
        try:
            wait_for(out / "first.dcm", process)
            content = Path(RLE).read_bytes()
            growing = incoming / "second.dcm"
            growing.write_bytes(content[: len(content) // 2])
            time.sleep(0.3)
            assert not (out / "second.dcm").exists()
            growing.write_bytes(content)
            wait_for(out / "second.dcm", process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert (out / "second.dcm").read_bytes() == content
    assert sorted(path.name for path in out.iterdir()) == ["first.dcm", "second.dcm"]


def wait_for(path: Path, process: subprocess.Popen[bytes], limit_s: float = 30) -> None:
    end = time.monotonic() + limit_s
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < end, f"{path.name} has not come"
        time.sleep(0.05)


def test_members_of_one_name_are_files_of_their_own(tmp_path: Path) -> None:
    """Archives that were added to hold a file in both its versions."""
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/a.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rows in (2, 4):
            archive.writestr("ct.dcm", part10(image(rows)))
    results = transcode(tmp_path / "in", "rle", tmp_path / "out", overwrite=True)
    assert [each.input for each in results] == [
        str(tmp_path / "in/a.zip" / name) for name in ("ct.dcm", "ct-2.dcm")
    ]
    assert [pydicom.dcmread(*each.outputs).Rows for each in results] == [2, 4]
    again = transcode(tmp_path / "in", "rle", tmp_path / "out")
    assert {each.status for each in again} == {Status.SKIPPED}


@pytest.mark.skipif(os.name == "nt", reason="parts folders there")
def test_no_name_in_an_archive_leads_out_of_its_folder_anywhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("..\\..\\a.dcm", ".._.._a.dcm", b"\xe9.dcm"):
        path = os.path.join(os.fsencode(tmp_path), b"in", os.fsencode(name))
        shutil.copy(CT, path)
    transcode(tmp_path / "in", "rle", zip=tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sorted(archive.namelist()) == [".._.._a-2.dcm", ".._.._a.dcm", "_xe9.dcm"]


def test_files_that_a_file_set_does_not_name_are_told(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    transcode([study / "ct.dcm", study / "deep"], "explicit", out, dicomdir=True)
    arguments = ["transcode", str(study / "ct.dcm"), "--to", "explicit", "-o", str(out)]
    assert run_here([*arguments, "--dicomdir", "--overwrite"]) == 0
    told = f"{out}: 2 file(s) lie there that the DICOMDIR does not name"
    assert told in capsys.readouterr().err
    with pytest.warns(UserWarning, match=re.escape(told)):
        transcode(study / "ct.dcm", "explicit", out, dicomdir=True, overwrite=True)
