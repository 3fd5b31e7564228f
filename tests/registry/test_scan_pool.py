"""Headers read by several processes: the order stays, and a worker that dies costs one file."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from dcmview.model import FileEnd
from dcmview.registry import reading, scan_pool
from dcmview.registry.reading import FileReader, Listed, Skipped
from dcmview.registry.registry import SkippedPath
from dcmview.registry.scan_pool import ScanPool
from dcmview.registry.walk import in_chunks

CT = get_testdata_file("CT_small.dcm", download=False)
PALETTE = get_testdata_file("examples_palette.dcm", download=False)


@pytest.fixture
def tree(tmp_path):
    """Forty files: every fourth is no DICOM file, every fifth needs pydicom."""
    for number in range(40):
        path = tmp_path / f"{number:02}.dcm"
        if number % 4 == 3:
            path.write_text("no DICOM")
        else:
            shutil.copy(PALETTE if number % 5 == 4 else CT, path)
    return [str(path) for path in sorted(tmp_path.iterdir())]


def outcomes_of(paths, *, size, chunk=4, filters=()):
    pool = ScanPool(in_chunks(paths, first=chunk, most=chunk), filters, size=size)
    return [each for outcomes in pool.outcomes() for each in outcomes]


@pytest.mark.parametrize("size", [0, 1, 3])
def test_outcomes_come_in_the_order_of_the_paths_from_any_number_of_workers(tree, size):
    outcomes = outcomes_of(tree, size=size)
    assert [path for path, _ in outcomes] == tree
    reader = FileReader(())
    assert [outcome for _, outcome in outcomes] == [reader.read(path) for path in tree]


def test_paths_that_are_skipped_already_keep_their_place(tree):
    items = [tree[0], SkippedPath("pipe", FileEnd.NOT_DICOM, "a named pipe"), *tree[1:]]
    outcomes = outcomes_of(items, size=2)
    assert outcomes[1] == ("pipe", Skipped(FileEnd.NOT_DICOM, "a named pipe"))
    assert [path for path, _ in outcomes if path != "pipe"] == tree


def test_what_no_filter_matches_is_left_out_by_the_workers_too(tree):
    filters = (("BodyPartExamined", "nothing like that"),)
    ends = {type(outcome) for _, outcome in outcomes_of(tree, size=2, filters=filters)}
    assert ends == {Skipped}
    outcomes = outcomes_of(tree, size=2, filters=(("Manufacturer", "ge medical"),))
    kept = [path for path, outcome in outcomes if isinstance(outcome, Listed)]
    assert kept
    assert all(b"GE MEDICAL" in Path(path).read_bytes()[:2000] for path in kept)


def test_the_file_that_ends_its_reader_is_unreadable_and_the_others_are_not(tree, tmp_path):
    deadly = tmp_path / "20.dcm"
    # A worker is a process of its own, so it is told by its environment what to die of.
    hook = tmp_path / "sitecustomize"
    hook.mkdir()
    (hook / "dying.py").write_text(
        "import os\n"
        "from dcmview.registry.reading import FileReader\n"
        "read_all = FileReader.read_all\n"
        "def dying(self, paths):\n"
        "    if any(p.endswith('20.dcm') for p in paths):\n"
        "        os._exit(9)\n"
        "    return read_all(self, paths)\n"
        "FileReader.read_all = dying\n"
    )
    from dcmview.registry import scan_pool

    boot = scan_pool._BOOT
    scan_pool._BOOT = boot.replace(
        "main()", f"sys.path.append({str(hook)!r}); import dying; main()"
    )
    try:
        paths = [path for path in tree if path != str(hook)]
        pool = ScanPool(in_chunks(paths, first=4, most=4), (), size=1)
        pool._start_workers()
        deadline = time.monotonic() + 20
        while not pool._serving and time.monotonic() < deadline:
            time.sleep(0.01)
        outcomes = dict(each for found in pool.outcomes() for each in found)
    finally:
        scan_pool._BOOT = boot
    assert outcomes[str(deadly)] == Skipped(FileEnd.UNREADABLE, scan_pool.DEADLY)
    others = [outcome for path, outcome in outcomes.items() if path != str(deadly)]
    assert scan_pool.DEADLY not in {getattr(outcome, "reason", "") for outcome in others}
    assert len(others) == len(paths) - 1


def test_files_that_have_to_be_waited_for_are_opened_many_at_a_time(tmp_path, monkeypatch):
    for number in range(32):
        shutil.copy(CT, tmp_path / f"{number}.dcm")
    paths = sorted(str(path) for path in tmp_path.iterdir())
    in_flight, most = 0, 0
    really_open = os.open

    def slow_open(*arguments, **options):
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        time.sleep(0.005)
        in_flight -= 1
        return really_open(*arguments, **options)

    monkeypatch.setattr(reading.os, "open", slow_open)
    outcomes = list(FileReader(()).read_all(paths))
    assert all(isinstance(outcome, Listed) for outcome in outcomes)
    assert most > 4


def test_a_worker_that_is_ended_while_it_starts_does_not_serve(monkeypatch):
    worker = scan_pool._Worker(())
    start = subprocess.Popen

    def start_late(*arguments, **keywords):
        worker.end()
        return start(*arguments, **keywords)

    monkeypatch.setattr(subprocess, "Popen", start_late)
    is_serving = worker.start()
    worker.close()
    assert not is_serving


def test_closing_ends_the_workers(tree):
    pool = ScanPool(in_chunks(tree, first=4, most=4), (), size=2)
    outcomes = pool.outcomes()
    next(outcomes)
    pool.close()
    assert all(
        worker._process is None or worker._process.poll() is not None for worker in pool._workers
    )
