"""A run over many files: everything ends with a result, in order, whatever goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import time
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from support.bulk_tasks import AtOnce, Batched, Copy, Picture, Told, Trouble
from support.datasets import item, part10

from dcmview.bulk import run as bulk_run
from dcmview.bulk.inputs import Inputs, entry_of
from dcmview.bulk.naming import NameStyle, Naming
from dcmview.bulk.result import Status
from dcmview.bulk.run import BulkPlan, BulkRun
from dcmview.errors import NotDicom, Unreadable

CT = get_testdata_file("CT_small.dcm", download=False)
JPEG_LS = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)
REPORT = get_testdata_file("reportsi.dcm", download=False)


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(12):
        shutil.copy(JPEG_LS if number % 3 == 0 else CT, folder / f"{number:02}.dcm")
    return folder


def run(task, roots, out, *, style=NameStyle.PATH, extension="", jobs=1, **options):
    roots = [str(root) for root in roots]
    naming = Naming(str(out), style, extension, roots)
    plan = BulkPlan(task, naming.plan, jobs=jobs, **options)
    return [each for each in BulkRun(Inputs(roots), plan).results() if each is not None]


def ends(results):
    return {os.path.basename(each.input): each.status for each in results}


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_done_and_results_come_in_order(study, tmp_path, jobs):
    results = run(Copy(), [study], tmp_path / "out", jobs=jobs)
    assert [os.path.basename(each.input) for each in results] == sorted(os.listdir(study))
    assert {each.status for each in results} == {Status.DONE}
    assert contents(tmp_path / "out") == contents(study)
    assert results[0].figures == {"bytes": os.path.getsize(JPEG_LS)}


def test_processes_give_what_one_gives(study, tmp_path):
    run(Picture(), [study], tmp_path / "one", extension=".png")
    run(Picture(), [study], tmp_path / "two", extension=".png", jobs=2)
    assert len(contents(tmp_path / "one")) == 12
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_file_ends_nothing(study, tmp_path, jobs):
    for name in ("bug.dcm", "refuse.dcm", "half.dcm"):
        shutil.copy(CT, study / name)
    results = run(Trouble(), [study], tmp_path / "out", jobs=jobs)
    failed = {os.path.basename(r.input): r.reason for r in results if r.status is Status.FAILED}
    assert failed == {
        "bug.dcm": "internal error: ZeroDivisionError: a mistake of ours",
        "refuse.dcm": "not this one",
        "half.dcm": "No space left on device",
    }
    assert sorted(contents(tmp_path / "out")) == [f"{number:02}.dcm" for number in range(12)]


def test_a_file_that_kills_its_process_is_the_only_one_that_fails(study, tmp_path):
    shutil.copy(CT, study / "05-kill.dcm")
    results = run(Trouble(), [study], tmp_path / "out", jobs=2)
    failed = [each for each in results if each.status is Status.FAILED]
    assert [os.path.basename(each.input) for each in failed] == ["05-kill.dcm"]
    assert "died" in failed[0].reason
    assert len(contents(tmp_path / "out")) == 12
    assert not list((tmp_path / "out").glob(".*"))


def test_a_handful_of_files_starts_no_process(study, tmp_path, monkeypatch):
    def refuse(size):
        raise AssertionError(size)

    monkeypatch.setattr("dcmview.bulk.run.local_processes", refuse)
    assert len(run(Copy(), [study], tmp_path / "few", jobs=0)) == 12
    monkeypatch.setattr("dcmview.bulk.run.HANDFUL_PIXELS", 12 * 64 * 64)
    with pytest.raises(AssertionError):
        run(Copy(), [study], tmp_path / "many", jobs=0)


def test_what_was_finished_is_not_done_again_and_what_is_not_ours_fails(study, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "00.dcm").write_bytes(b"of somebody else")
    first = ends(run(Copy(), [study], out))
    assert (first.pop("00.dcm"), set(first.values())) == (Status.FAILED, {Status.DONE})
    again = ends(run(Copy(), [study], out))
    assert (again.pop("00.dcm"), set(again.values())) == (Status.FAILED, {Status.SKIPPED})
    assert (out / "00.dcm").read_bytes() == b"of somebody else"


def test_what_is_no_image_is_a_failure_only_where_it_was_named(study, tmp_path):
    shutil.copy(REPORT, study / "report.dcm")
    (study / "notes.txt").write_text("not DICOM")
    results = run(Picture(), [study], tmp_path / "a", extension=".png")
    assert os.path.basename(results[-1].input) == "notes.txt"
    found = ends(results)
    assert (found["report.dcm"], found["notes.txt"]) == (Status.SKIPPED, Status.SKIPPED)
    named = [study / "report.dcm", study / "notes.txt"]
    found = ends(run(Picture(), named, tmp_path / "b", extension=".png"))
    assert (found["report.dcm"], found["notes.txt"]) == (Status.FAILED, Status.FAILED)


def test_a_dicomdir_stands_for_its_files_and_is_no_failure(tmp_path):
    for folder in ("PT0", "PT1"):
        (tmp_path / "medium" / folder).mkdir(parents=True)
        shutil.copy(CT, tmp_path / "medium" / folder / "IM0")
    (directory,) = item(SOPClassUID="1.2.840.10008.1.3.10", DirectoryRecordSequence=[])
    directory.SOPInstanceUID = "1.2.3"
    (tmp_path / "medium/DICOMDIR").write_bytes(part10(directory))
    results = run(Picture(), [tmp_path / "medium/DICOMDIR"], tmp_path / "out", extension=".png")
    assert ends(results) == {"IM0": Status.DONE, "DICOMDIR": Status.SKIPPED}
    assert [(tmp_path / "out" / each / "IM0.png").exists() for each in ("PT0", "PT1")] == [True] * 2


def test_files_in_archives_are_files(study, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in study.iterdir():
            archive.write(path, f"inside/{path.name}")
    results = run(Copy(), [tmp_path / "study.zip"], tmp_path / "out", jobs=2)
    assert {each.status for each in results} == {Status.DONE}
    assert contents(tmp_path / "out/inside") == contents(study)


def test_names_by_content_tell_doubles(study, tmp_path):
    results = run(Copy(), [study], tmp_path / "out", style=NameStyle.HASH)
    assert [each.status for each in results].count(Status.DONE) == 2
    assert len(contents(tmp_path / "out")) == 2


def test_overwriting_never_touches_an_input(study):
    before = contents(study)
    results = run(Copy(), [study], study, overwrite=True)
    assert {each.status for each in results} == {Status.FAILED}
    assert contents(study) == before


@pytest.mark.parametrize("overwrite", [True, False])
def test_paths_that_are_none_come_after_the_files(study, tmp_path, overwrite):
    (study / "00.txt").write_text("words")
    results = run(Copy(), [study], tmp_path / "out", overwrite=overwrite)
    assert [os.path.basename(each.input) for each in results[-2:]] == ["11.dcm", "00.txt"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_an_output_is_never_one_of_the_inputs(tmp_path, overwrite):
    for name in ("a", "out"):
        (tmp_path / name).mkdir()
        shutil.copy(CT if name == "a" else JPEG_LS, tmp_path / name / "x.dcm")
    before = (tmp_path / "out" / "x.dcm").read_bytes()
    roots = [tmp_path / "a" / "x.dcm", tmp_path / "out" / "x.dcm"]
    results = run(Copy(), roots, tmp_path / "out", overwrite=overwrite)
    assert (tmp_path / "out" / "x.dcm").read_bytes() == before
    assert results[0].status is Status.FAILED
    if overwrite:
        assert "files that are read" in results[0].reason


def test_a_watched_folder_gives_files_once_they_have_stopped_growing(study, tmp_path):
    whole = (study / "01.dcm").read_bytes()
    inputs = Inputs([str(study)], watch_interval_s=0.2)
    naming = Naming(str(tmp_path / "out"), NameStyle.PATH, "", [str(study)])
    done = []
    growing = study / "new.dcm"
    begin = time.monotonic()
    for result in BulkRun(inputs, BulkPlan(Copy(), naming.plan)).results():
        assert time.monotonic() - begin < 30
        if result is not None:
            done.append(os.path.basename(result.input))
        elif len(done) == 12 and len(whole) > (growing.stat().st_size if growing.exists() else 0):
            with open(growing, "ab") as stream:
                size = stream.tell()
                stream.write(whole[size : size + len(whole) // 3])
        if "new.dcm" in done:
            break
    inputs.stop()
    assert done == [*(f"{number:02}.dcm" for number in range(12)), "new.dcm"]
    assert (tmp_path / "out" / "new.dcm").read_bytes() == whole


@pytest.mark.parametrize(
    ("name", "arrived"),
    [("CT_small.dcm", 30_000), ("CT_small.dcm", 6_000), ("emri_small_RLE.dcm", 20_000)],
    ids=["in pixels", "in header", "in fragments"],
)
def test_a_transfer_that_stalls_for_a_while_gives_no_half_file(study, tmp_path, name, arrived):
    whole = Path(get_testdata_file(name)).read_bytes()
    inputs = Inputs([str(study)], watch_interval_s=0.1)
    naming = Naming(str(tmp_path / "out"), NameStyle.PATH, "", [str(study)])
    stalled = study / "new.dcm"
    begin = arrived_at = time.monotonic()
    for result in BulkRun(inputs, BulkPlan(Copy(), naming.plan)).results():
        now = time.monotonic()
        assert now - begin < 30
        if result is not None and result.input == str(stalled):
            break
        if not stalled.exists():
            stalled.write_bytes(whole[:arrived])
            arrived_at = now
        elif now - arrived_at > 1.5 and stalled.stat().st_size == arrived:
            stalled.write_bytes(whole)
    inputs.stop()
    assert (tmp_path / "out" / "new.dcm").read_bytes() == whole


def test_a_file_that_changes_before_it_has_settled_is_not_given(study):
    inputs = Inputs([str(study)], watch_interval_s=0)
    path = study / "01.dcm"
    before = entry_of(str(path))
    path.write_bytes(path.read_bytes() + b"\0\0")
    after = entry_of(str(path))
    assert inputs._settled([before, after], []) == [after]


def test_a_file_whose_rest_never_comes_is_given_in_the_end(study, tmp_path, monkeypatch):
    monkeypatch.setattr("dcmview.bulk.inputs.STALLED_S", 0.6)
    (study / "cut.dcm").write_bytes(Path(CT).read_bytes()[:-500])
    inputs = Inputs([str(study)], watch_interval_s=0.1)
    given = []
    for entry in inputs:
        given += [os.path.basename(entry.path)] if entry is not None else []
        if len(given) == 13:
            break
    inputs.stop()
    assert given[-1] == "cut.dcm"


def test_one_file_is_read_without_a_scan(tmp_path):
    assert entry_of(CT).header.shared.modality == "CT"
    (tmp_path / "text").write_text("words")
    with pytest.raises(NotDicom):
        entry_of(str(tmp_path / "text"))
    with pytest.raises(Unreadable):
        entry_of(str(tmp_path / "absent"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_is_told_of_its_file_what_is_known_when_all_are(study, jobs):
    known = {}

    def prepare(entries):
        known.update(
            (entry.path, f"{number} of {len(entries)}") for number, entry in enumerate(entries)
        )

    plan = BulkPlan(Told(), jobs=jobs, prepare=prepare, extra_for=lambda entry: known[entry.path])
    results = [each for each in BulkRun(Inputs([str(study)]), plan).results() if each is not None]
    assert [each.reason for each in results] == [f"{number} of 12" for number in range(12)]


def batched(study, given):
    """What a task is asked for that begins several files at once, with all of them known."""
    task = Batched()
    plan = BulkPlan(
        task,
        extra_for=lambda entry: os.path.basename(entry.path),
        prepare=lambda _entries: None,
    )
    given.extend(each.reason for each in BulkRun(Inputs([str(study)]), plan).results() if each)
    return task.calls


def test_a_task_begins_several_files_before_it_does_them_one_by_one(study):
    given: list[str] = []
    calls, names = batched(study, given), sorted(os.listdir(study))
    assert given == names
    assert calls == [names[:8], *names[:8], names[8:], *names[8:]]


def test_an_interrupt_within_a_batch_keeps_what_has_ended(study):
    os.rename(study / "03.dcm", study / "03-interrupt.dcm")
    given: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        batched(study, given)
    assert given == ["00.dcm", "01.dcm", "02.dcm"]


@pytest.mark.usefixtures("heard")
def test_an_interrupt_while_jobs_are_handed_in_loses_none_of_their_results(study, monkeypatch):
    executor = AtOnce(signal.SIGINT)
    monkeypatch.setattr(bulk_run, "local_processes", lambda _size: executor)
    plan = BulkPlan(Told(), jobs=2, extra_for=lambda entry: os.path.basename(entry.path))
    given = []
    with pytest.raises(KeyboardInterrupt):
        given.extend(each for each in BulkRun(Inputs([str(study)]), plan).results() if each)
    assert given
    assert given == executor.results
