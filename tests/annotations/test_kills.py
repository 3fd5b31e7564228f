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

# Edit n adds ROI n to file n % FILES and takes out the oldest one there once there are KEPT.
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
from support.rois import point
journal.SMALLEST_FOLD_BYTES = 2_000

def write(path, number, acknowledge):
    store = RoiStore(Saving(journal.Journal(path)))
    os.write(acknowledge, b".")
    while True:
        number += 1
        oldest = number - {FILES * KEPT}
        removal = (RemoveRoi(f"r{{oldest}}"),) if oldest > 0 else ()
        key = FileKey("1", f"/{{number % {FILES}}}")
        store.edit(key, (AddRoi(point(f"r{{number}}")), *removal))
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
    """The ROIs of each file after so many edits."""
    state = {}
    for number in range(1, edits + 1):
        rois = state.setdefault(f"/{number % FILES}", [])
        rois.append(f"r{number}")
        del rois[:-KEPT]
    return state


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
        found = {key.path: [roi.id for roi in rois] for key, rois in journal.found.rois.items()}
        assert journal.warnings == []
        # The edit under way when the process died may be there, too.
        edits = known if found == state_after(known) else known + 1
        assert found == state_after(edits)
    assert edits > 2 * KILLS
