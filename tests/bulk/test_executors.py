"""Where jobs run, as far as no cluster and no other system is needed for it."""

from __future__ import annotations

import sys

import pytest

from dcmview.bulk import executors, processes


class _Client:
    """What is wanted of Dask's client."""

    status = "running"

    def get_executor(self, **_options):
        return executors.InlineExecutor()

    def close(self):
        pass


def test_a_job_that_cannot_travel_is_no_scheduler_that_is_gone():
    with (
        executors._ClusterExecutor(_Client()) as executor,
        pytest.raises((AttributeError, TypeError), match="pickle"),
    ):
        executor.submit(lambda: None)


def test_windows_gets_no_more_processes_than_it_can_wait_for(monkeypatch):
    monkeypatch.setattr(processes, "_start_fork_server", lambda: None)
    monkeypatch.setattr(sys, "platform", "win32")
    with processes.start_processes(100) as pool:
        assert pool._max_workers == 61
