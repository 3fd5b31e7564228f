"""Commands over many files, as processes: reports, interruptions, going on, lists, terminals."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time

import pytest
from pydicom.data import get_testdata_file
from support.bulk_tasks import AtOnce, Told

from dcmview.__main__ import run as run_here
from dcmview.bulk import run as bulk_run
from dcmview.bulk.result import Result, Status
from dcmview.cli.bulk import run_bulk
from dcmview.cli.bulk_options import BulkOptions

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)
REPORT = get_testdata_file("reportsi.dcm", download=False)
COMMAND = [sys.executable, "-m", "dcmview"]


def run(*arguments, **options):
    arguments = [str(argument) for argument in arguments]
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, **options
    )


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    (folder / "series").mkdir(parents=True)
    for number in range(6):
        shutil.copy(MR if number % 2 else CT, folder / "series" / f"{number}.dcm")
    return folder


def thumbnails(study, out, *more):
    return run("thumbnail", study, "--output-dir", out, "--names", "path", *more)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_says_nothing_on_standard_output_and_sums_up(study, tmp_path):
    ended = thumbnails(study, tmp_path / "out")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("dcmview: 6 files: 6 done; ")
    assert sorted(contents(tmp_path / "out")) == [f"{number}.jpg" for number in range(6)]
    assert thumbnails(study, tmp_path / "quiet", "--quiet").stderr == ""


def test_a_bad_file_is_named_and_the_rest_goes_on(study, tmp_path):
    (study / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    (study / "notes.txt").write_text("words")
    shutil.copy(REPORT, study / "report.dcm")
    ended = thumbnails(study, tmp_path / "out", "--report", tmp_path / "report.jsonl")
    assert ended.returncode == 4
    (failed,) = (line for line in ended.stderr.splitlines() if "failed " in line and ".dcm" in line)
    assert str(study / "broken.dcm") in failed
    report = {os.path.basename(each["input"]): each for each in lines(tmp_path / "report.jsonl")}
    assert report["broken.dcm"]["status"] == "failed"
    assert report["broken.dcm"]["reason"]
    assert report["notes.txt"]["status"] == "skipped"
    assert "no image" in report["report.dcm"]["reason"]
    done = report["0.dcm"]
    assert (done["status"], done["outputs"]) == (
        "done",
        [str(tmp_path / "out" / "series" / "0.jpg")],
    )


def test_a_second_run_does_what_is_left(study, tmp_path):
    thumbnails(study, tmp_path / "out")
    first = contents(tmp_path / "out")
    (tmp_path / "out" / "series" / "3.jpg").unlink()
    ended = thumbnails(study, tmp_path / "out", "--report", tmp_path / "report.jsonl")
    assert ended.returncode == 0
    assert "1 done, 5 skipped" in ended.stderr
    assert contents(tmp_path / "out") == first
    assert {each["reason"] for each in lines(tmp_path / "report.jsonl")} == {"", "finished before"}


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_a_list_on_standard_input_is_read(study, tmp_path, separator):
    paths = sorted(str(path) for path in study.rglob("*.dcm"))[:2]
    ended = run("thumbnail", "-", "-o", tmp_path / "out", input=separator.join(paths))
    assert ended.returncode == 0
    assert len(contents(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["thumbnail"],
        ["transcode", "--to", "rle"],
        ["render", "--output", "png"],
        ["overlay", "--extract", "png"],
    ],
    ids=lambda command: command[0],
)
def test_a_list_on_standard_input_is_no_file_beside_the_outputs(
    study, tmp_path, monkeypatch, command
):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    listed = io.BytesIO(f"{study / 'series' / '0.dcm'}\n".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(listed))
    assert run_here([*command, "-", "--output-dir", ".", "-j", "1"]) == 0


def test_a_file_may_lie_where_its_output_goes_and_is_not_replaced(study):
    folder, before = study / "series", contents(study)
    named = (folder / "0.dcm", "-o", ".", "--names", "path")
    assert run("thumbnail", *named, cwd=folder).returncode == 0
    assert contents(folder).keys() - before.keys() == {"0.jpg"}
    ended = run("transcode", *named, "--to", "rle", "--on-failure", "fail", cwd=folder)
    assert ended.returncode == 4
    assert "the output would be one of the files that are read" in ended.stderr
    (folder / "0.jpg").unlink()
    assert contents(study) == before


def test_a_list_in_a_file_is_read(study, tmp_path):
    (tmp_path / "list").write_text(f"# all of it\n{study}\n")
    ended = run("thumbnail", "--file-list", tmp_path / "list", "-o", tmp_path / "out")
    assert "6 files: 6 done" in ended.stderr


def test_filters_choose(study, tmp_path):
    thumbnails(study, tmp_path / "out", "--filter", "modality=MR")
    assert sorted(contents(tmp_path / "out")) == ["1.jpg", "3.jpg", "5.jpg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "no such file or folder: missing"),
        ([], "no PATH given"),
        (["{study}", "--jobs", "-1"], "--jobs must be 0 or more"),
        (["{study}", "--filter", "x"], "FIELD=VALUE"),
        (["{study}", "-o", "{study}/out"], "which is read"),
        (["{study}", "-o", "{study}"], "which is read"),
        (["{study}", "--report", "-"], "- is no name of a file"),
        (["{study}", "--format", "gif"], "--format must be one of jpeg, png, webp"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(study, arguments, words):
    filled = [argument.format(study=study) for argument in arguments]
    if "-o" not in filled:
        filled += ["-o", str(study.parent / "out")]
    ended = run("thumbnail", *filled)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert not (study.parent / "out").exists()


def test_nothing_to_do_has_an_exit_code(tmp_path):
    (tmp_path / "empty").mkdir()
    ended = run("thumbnail", tmp_path / "empty", "-o", tmp_path / "out")
    assert ended.returncode == 1


def test_a_report_that_cannot_be_written_is_told(study, tmp_path):
    ended = thumbnails(study, tmp_path / "out", "--report", tmp_path / "missing" / "r.jsonl")
    assert ended.returncode == 3
    assert "--report" in ended.stderr


def test_no_cluster_is_told_at_once(study, tmp_path):
    ended = thumbnails(study, tmp_path / "out", "--cluster", "nonsense")
    assert ended.returncode == 3
    assert "no Dask scheduler at nonsense" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_whole_files_and_can_go_on(tmp_path, number):
    study = tmp_path / "study"
    study.mkdir()
    for count in range(1500):
        shutil.copy(CT, study / f"{count}.dcm")
    out, report = tmp_path / "out", tmp_path / "report.jsonl"
    arguments = [
        "thumbnail",
        str(study),
        "-o",
        str(out),
        "--names",
        "path",
        "--report",
        str(report),
    ]
    child = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    begin = time.monotonic()
    while not (out.exists() and len(os.listdir(out)) > 40):
        assert time.monotonic() - begin < 30
        time.sleep(0.01)
    child.send_signal(number)
    _, told = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "interrupted; " in told
    done = {each["outputs"][0] for each in lines(report) if each["status"] == "done"}
    # What the report says is there, and what is there it says.
    assert done == {str(path) for path in out.iterdir()}
    assert 40 < len(done) < 1500
    assert all(path.read_bytes().endswith(b"\xff\xd9") for path in out.iterdir())
    ended = run(*arguments)
    assert ended.returncode == 0
    assert f"{1500 - len(done):,} done, {len(done):,} skipped" in ended.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killing_a_run_leaves_no_process_and_no_half_file(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    for count in range(800):
        shutil.copy(MR, study / f"{count}.dcm")
    out = tmp_path / "out"
    child = subprocess.Popen(
        [*COMMAND, "thumbnail", str(study), "-o", str(out), "--names", "path", "--jobs", "2"],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    begin = time.monotonic()
    while not (out.exists() and len(os.listdir(out)) > 40):
        assert time.monotonic() - begin < 30
        time.sleep(0.01)
    child.kill()
    child.wait()
    deadline = time.monotonic() + 20
    while group := members_of_session(child.pid):
        assert time.monotonic() < deadline, group
        time.sleep(0.1)
    assert all(path.read_bytes().endswith(b"\xff\xd9") for path in out.iterdir())
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def members_of_session(session):
    """Command lines of the processes of a session that still run."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stream:
                fields = stream.read().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                with open(f"/proc/{name}/cmdline") as stream:
                    found.append(stream.read().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_a_terminal_sees_counts_and_a_rate(study, tmp_path):
    for number in range(6, 400):
        shutil.copy(MR, study / "series" / f"{number}.dcm")
    primary, secondary = pty.openpty()
    child = subprocess.Popen(
        [*COMMAND, "thumbnail", str(study), "-o", str(tmp_path / "out"), "--names", "path"],
        stderr=secondary,
    )
    os.close(secondary)
    told = b""
    while True:
        try:
            piece = os.read(primary, 4096)
        except OSError:
            break
        if not piece:
            break
        told += piece
    os.close(primary)
    assert child.wait(30) == 0
    text = told.decode()
    assert " of 400 files, " in text
    assert " a second" in text
    assert "400 files: 400 done" in text.splitlines()[-1]


@pytest.mark.usefixtures("heard")
def test_what_was_done_when_a_result_was_being_told_is_told_too(study, tmp_path, monkeypatch):
    executor = AtOnce()
    monkeypatch.setattr(bulk_run, "local_processes", lambda _size: executor)
    report = tmp_path / "report.jsonl"
    options = BulkOptions(paths=(str(study),), jobs=2, report=str(report))
    plan = bulk_run.BulkPlan(Told(), jobs=2, extra_for=lambda _entry: "")
    told = []

    def interrupted(result):
        told.append(result)
        if len(told) == 1:
            signal.raise_signal(signal.SIGINT)

    assert run_bulk(options, plan, on_result=interrupted) == 130
    assert told == executor.results
    assert [each["input"] for each in lines(report)] == [each.input for each in told]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_signal_that_was_ignored_before_stays_so(study):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as after nohup
    told = []

    def lose_connection(result):
        told.append(result)
        signal.raise_signal(signal.SIGHUP)

    options = BulkOptions(paths=(str(study),), jobs=1)
    plan = bulk_run.BulkPlan(Told(), extra_for=lambda _entry: "")
    try:
        assert run_bulk(options, plan, on_result=lose_connection) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(told) == 6


@pytest.mark.usefixtures("heard")
def test_an_interrupt_within_an_import_waits_for_its_end(study):
    # Python prints what is raised there, and goes on.
    code = compile("raise_signal(SIGINT)", "<frozen importlib._bootstrap>", "exec")

    def importing(job):
        exec(code, vars(signal))
        return Result(job.entry.path, Status.DONE)

    told = []
    options = BulkOptions(paths=(str(study),), jobs=1)
    assert run_bulk(options, bulk_run.BulkPlan(importing), on_result=told.append) == 130
    assert len(told) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("process", ["scan_worker", "forkserver"])
def test_ctrl_c_while_processes_start_is_a_line_and_no_traceback(tmp_path, process):
    study = tmp_path / "study"
    study.mkdir()
    for count in range(300):
        shutil.copy(MR, study / f"{count}.dcm")
    child = subprocess.Popen(
        [*COMMAND, "thumbnail", str(study), "-o", str(tmp_path / "out"), "-j", "2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while not any(process in line for line in members_of_session(child.pid)):
        assert time.monotonic() < deadline
    # As a terminal does: to all of them.
    os.killpg(child.pid, signal.SIGINT)
    _, told = child.communicate(timeout=20)
    assert child.returncode == 130
    (line,) = told.splitlines()
    assert line.startswith("dcmview: interrupted; ")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_lost_connection_leaves_nothing_of_a_contact_sheet(tmp_path):
    study, out = tmp_path / "study", tmp_path / "out"
    study.mkdir()
    for count in range(800):
        shutil.copy(MR, study / f"{count}.dcm")
    arguments = ["thumbnail", study, "-o", out, "--names", "path", "--sheet", tmp_path / "s.png"]
    child = subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (out.exists() and len(os.listdir(out)) > 10):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.send_signal(signal.SIGHUP)
    assert child.wait(20) == 130
    assert sorted(os.listdir(tmp_path)) == ["out", "study"]


def test_a_report_takes_the_place_of_reports_alone(study, tmp_path):
    victim = study / "series" / "0.dcm"
    before = victim.read_bytes()
    ended = thumbnails(study, tmp_path / "out", "--report", victim)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no report" in ended.stderr
    assert victim.read_bytes() == before
    report = tmp_path / "report.jsonl"
    for status in ("done", "skipped"):
        assert thumbnails(study, tmp_path / "out", "--report", report).returncode == 0
        assert {each["status"] for each in lines(report)} == {status}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_report_that_cannot_be_written_ends_the_run_in_one_line(study, tmp_path):
    ended = thumbnails(study, tmp_path / "out", "--jobs", "1", "--report", "/dev/full")
    assert ended.returncode == 4
    assert ended.stderr == (
        "dcmview: error: --report: /dev/full cannot be written: No space left on device\n"
    )


def test_one_file_is_done_in_silence_and_skipped_with_the_reason(tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy(CT, tmp_path / "in" / "a.dcm")
    assert thumbnails(tmp_path / "in", tmp_path / "out").stderr == ""
    told = thumbnails(tmp_path / "in", tmp_path / "out").stderr
    assert told == f"dcmview: skipped {tmp_path}/in/a.dcm: finished before\n"


COMMANDS = {
    "render": ["-f", "png", "--output-dir", "{out}"],
    "thumbnail": ["-o", "{out}", "--sheet", "{out}.png"],
    "transcode": ["--to", "rle", "--zip", "{out}.zip"],
    "overlay": ["--extract", "png", "-o", "{out}"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_without_dicom_is_nothing_found(tmp_path, capsys, command):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("not DICOM")
    (tmp_path / "in" / "more.txt").write_text("not DICOM")
    options = [part.format(out=tmp_path / "out") for part in COMMANDS[command]]
    assert run_here([command, str(tmp_path / "in"), "--jobs", "1", *options]) == 1
    summary, error = capsys.readouterr().err.splitlines()
    assert summary.startswith("dcmview: 2 files: 2 skipped; ")
    assert error == "dcmview: error: no DICOM files there"
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_where_a_filter_lets_nothing_through_nothing_is_found(study, tmp_path, capsys):
    arguments = ["thumbnail", str(study), "-j", "1", "-o", str(tmp_path / "out"), "--filter"]
    assert run_here([*arguments, "modality=US"]) == 1
    assert run_here([*arguments, "modality=MR"]) == 0
