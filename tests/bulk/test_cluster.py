"""A real Dask scheduler and workers on loopback do what processes of our own do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from support.bulk_tasks import Copy, Picture, Trouble

from dcmview.bulk.inputs import Inputs
from dcmview.bulk.naming import NameStyle, Naming
from dcmview.bulk.result import Status
from dcmview.bulk.run import BulkPlan, BulkRun
from dcmview.errors import StartError

FILES = ("CT_small.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_gdcm.dcm")
TESTS = Path(__file__).parents[1]


@contextlib.contextmanager
def process(*arguments, log):
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
    with open(log, "wb") as stream:
        child = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
            stdout=stream,
            stderr=stream,
            env=environment,
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(pattern, log):
    for _ in range(600):
        match = re.search(pattern, log.read_text())
        if match:
            return match
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@contextlib.contextmanager
def started(folder):
    """Address of a scheduler, and the processes: two workers, then it."""
    options = ("--host", "127.0.0.1", "--no-dashboard")
    with contextlib.ExitStack() as stack:
        log = folder / "scheduler.log"
        scheduler = stack.enter_context(process("dask_scheduler", *options, "--port", "0", log=log))
        address = wait_for(r"Scheduler at:\s+(tcp://[\d.]+:\d+)", log)[1]
        logs = [folder / f"worker{number}.log" for number in range(2)]
        workers = []
        for number, log in enumerate(logs):
            place = ("--local-directory", str(folder / f"space{number}"))
            more = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", *place)
            workers.append(
                stack.enter_context(process("dask_worker", address, *options, *more, log=log))
            )
        for log in logs:
            wait_for(r"Registered to", log)
        yield address, [*workers, scheduler]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with started(tmp_path_factory.mktemp("cluster")) as (address, _):
        yield address


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(24):
        name = FILES[number % len(FILES)]
        shutil.copy(get_testdata_file(name, download=False), folder / f"{number:02}.dcm")
    return folder


def results_of(task, study, out, address=None, extension=""):
    naming = Naming(str(out), NameStyle.PATH, extension, [str(study)])
    plan = BulkPlan(task, naming.plan, jobs=1, cluster=address)
    return (each for each in BulkRun(Inputs([str(study)]), plan).results() if each is not None)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_cluster_gives_the_same_bytes(address, study, tmp_path):
    here = list(results_of(Picture(), study, tmp_path / "here", extension=".png"))
    there = list(results_of(Picture(), study, tmp_path / "there", address, extension=".png"))
    assert [each.status for each in there] == [each.status for each in here] == [Status.DONE] * 24
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_cluster_goes_on_when_a_worker_is_killed(study, tmp_path):
    results = []
    with started(tmp_path) as (address, workers):
        for result in results_of(Copy(pause_s=0.1), study, tmp_path / "out", address):
            results.append(result)
            if len(results) == 4:
                os.kill(workers[0].pid, signal.SIGKILL)
    # A job that had just been done when its worker died is found finished.
    assert all(r.status is Status.DONE or r.reason == "finished before" for r in results)
    assert len(results) == 24
    assert contents(tmp_path / "out") == contents(study)


def test_a_scheduler_that_is_gone_ends_the_run_with_reasons(study, tmp_path, monkeypatch):
    # So long Dask tries to find it again.
    monkeypatch.setattr("dcmview.bulk.executors._CLUSTER_WAIT_S", 3.0)
    results = []
    with started(tmp_path) as (address, processes):
        for result in results_of(Copy(pause_s=0.1), study, tmp_path / "out", address):
            results.append(result)
            if len(results) == 2:
                processes[-1].kill()
    assert len(results) == 24
    assert [each.status for each in results[:2]] == [Status.DONE] * 2
    assert results[-1].status is Status.FAILED
    lost = {each.reason for each in results if each.status is Status.FAILED}
    assert all(reason.startswith("not done: the Dask scheduler") for reason in lost)


COMMANDS = {
    "render": ["--output", "png"],
    "thumbnail": ["--names", "path", "--sheet", "{out}/sheet.png"],
    "transcode": ["--to", "jpeg2000", "--ratio", "8", "--on-failure", "skip"],
    "overlay": ["--annotations", "{rois}"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_gives_the_same_bytes_there_as_here(address, study, tmp_path, command):
    rois = tmp_path / "rois.csv"
    boxes = "".join(f'{study}/{number:02}.dcm,"[[2,3,20,30]]"\n' for number in range(24))
    rois.write_text(f"anon_dicom_path,ROI_coords\n{boxes}")
    for place, more in (("here", ["--jobs", "1"]), ("there", ["--cluster", address])):
        out = tmp_path / place
        filled = [each.format(out=out, rois=rois) for each in COMMANDS[command]]
        arguments = [command, str(study), "--output-dir", str(out), *filled, *more]
        ended = subprocess.run(
            [sys.executable, "-m", "dcmview", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert len(contents(tmp_path / "here")) >= 16
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_what_goes_wrong_on_a_cluster_is_told(address, study, tmp_path):
    (study / "05.dcm").rename(study / "05-refuse.dcm")
    results = list(results_of(Trouble(), study, tmp_path / "out", address))
    failed = {Path(r.input).name: r.reason for r in results if r.status is Status.FAILED}
    assert failed == {"05-refuse.dcm": "not this one"}


def test_a_cluster_that_does_not_answer_is_told(study, tmp_path, monkeypatch):
    monkeypatch.setattr("dcmview.bulk.executors._CLUSTER_WAIT_S", 1.0)
    with pytest.raises(StartError, match="no Dask scheduler at tcp:"):
        list(results_of(Copy(), study, tmp_path / "out", "tcp://127.0.0.1:9"))
