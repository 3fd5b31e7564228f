"""A process that saves ROIs is killed at random moments: what it acknowledged is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from dcmview.annotations.journal import Journal

KILLS = 150
FILES = 3
KEPT = 4
TESTS = Path(__file__).parents[1]

# Edit n is of file n % FILES: an odd one adds ROI n and takes out the oldest one there once there
# are KEPT, an even one is a mark of triage.
# A small limit makes it fold its journal every few edits, so that many kills fall into that.
# Each line of input, edits done and seconds to live, makes a process that goes on from there;
# the line of output says how much it acknowledged. Forked, as importing takes longer than living.
WRITERS = f"""
import os, signal, sys, time
from dcmview.annotations import journal
from dcmview.annotations.native import FileKey
from dcmview.annotations.operations import AddRoi, RemoveRoi
from dcmview.annotations.saving import Saving
from dcmview.annotations.store import RoiStore
from dcmview.annotations.triage import Mark
from dcmview.annotations.triage_store import TriageStore
from support.rois import point
journal.SMALLEST_FOLD_BYTES = 2_000

def write(path, number, acknowledge):
    saving = Saving(journal.Journal(path))
    store, triage = RoiStore(saving), TriageStore(saving)
    os.write(acknowledge, b".")
    while True:
        number += 1
        key = FileKey("1", f"/{{number % {FILES}}}")
        if number % 2:
            oldest = number - {2 * FILES * KEPT}
            removal = (RemoveRoi(f"r{{oldest}}"),) if oldest > 0 else ()
            store.edit(key, (AddRoi(point(f"r{{number}}")), *removal))
        else:
            triage.put({{key: Mark("keep", str(number))}})
        os.write(acknowledge, b".")

for line in sys.stdin:
    number, seconds = line.split()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        write(sys.argv[1], int(number), writer)
    os.close(writer)
    acknowledged = len(os.read(reader, 1))
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while dots := os.read(reader, 65536):
        acknowledged += len(dots)
    os.close(reader)
    print(acknowledged - 1, flush=True)
"""


def state_after(edits):
    """The ROIs and the mark of each file after so many edits."""
    rois, marks = {}, {}
    for number in range(1, edits + 1):
        path = f"/{number % FILES}"
        if number % 2:
            rois[path] = [*rois.get(path, []), f"r{number}"][-KEPT:]
        else:
            marks[path] = str(number)
    return rois, marks


@pytest.fixture
def writers(tmp_path):
    """Let a process go on from so many edits, kill it, and count those that it acknowledged."""
    search = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    process = subprocess.Popen(
        [sys.executable, "-c", WRITERS, str(tmp_path / "rois.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=os.environ | {"PYTHONPATH": search},
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def killed_after(edits, seconds):
        process.stdin.write(f"{edits} {seconds}\n")
        return int(process.stdout.readline())

    yield killed_after
    process.communicate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL")
def test_no_acknowledged_edit_is_lost_at_any_of_many_kills(writers, tmp_path):
    chance = random.Random(6)
    edits = 0
    for _ in range(KILLS):
        known = edits + writers(edits, chance.uniform(0.0, 0.03))
        journal = Journal(str(tmp_path / "rois.json"))
        journal._let_go()
        rois = {key.path: [roi.id for roi in rois] for key, rois in journal.found.rois.items()}
        found = rois, {key.path: mark.note for key, mark in journal.found.marks.items()}
        assert journal.warnings == []
        # The edit under way when the process died may be there, too.
        edits = known if found == state_after(known) else known + 1
        assert found == state_after(edits)
    assert edits > KILLS
