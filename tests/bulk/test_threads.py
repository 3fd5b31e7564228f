"""Several runs in one process: none takes from another what both use."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest
from pydicom.data import get_testdata_file
from support.bulk_tasks import Copy

from dcmview.bulk.inputs import Inputs
from dcmview.bulk.processes import hidden_main
from dcmview.bulk.result import Result, Status
from dcmview.bulk.run import BulkPlan, BulkRun
from dcmview.bulk.task import close_worker_engine, worker_engine
from dcmview.commands import render as render_module
from dcmview.model import DisplayRequest

JPEG_LS = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)


@pytest.fixture(autouse=True)
def _own_engine():
    close_worker_engine()
    yield
    close_worker_engine()


def ended(task, output):
    plan = BulkPlan(task, lambda _entry: str(output))
    (result,) = filter(None, BulkRun(Inputs([JPEG_LS]), plan).results())
    return result


def test_a_run_that_ends_leaves_the_decoder_to_another_one(tmp_path):
    engines = []

    def decode_late(job):
        engine = worker_engine()
        engines.append(engine)
        assert ended(Copy(), tmp_path / "copy").status is Status.DONE
        engine.picture(job.entry, 0, DisplayRequest())
        return Result(job.entry.path, Status.DONE)

    result = ended(decode_late, tmp_path / "picture")
    assert (result.status, result.reason) == (Status.DONE, "")
    assert worker_engine() is not engines[0], "the last run ends the decoders"


def test_a_run_that_ends_leaves_the_decoder_to_a_single_picture(monkeypatch):
    class Interrupted(render_module.Renderer):
        def shown(self, *arguments):
            close_worker_engine()
            return super().shown(*arguments)

    monkeypatch.setattr(render_module, "Renderer", Interrupted)
    assert render_module.render(JPEG_LS).pixels.shape == (64, 64)
    engine = worker_engine()
    render_module.render(JPEG_LS)
    assert worker_engine() is engine, "the next picture needs its decoders"


def test_threads_that_start_processes_give_back_the_program_that_runs():
    main = sys.modules["__main__"]
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(hidden_main)
        second.enter_context(hidden_main)
        first.close()
        assert sys.modules["__main__"] is not main, "the second one is still at it"
        second.close()
        assert sys.modules["__main__"] is main
