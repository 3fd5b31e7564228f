"""Where jobs run, as far as no cluster and no other system is needed for it."""

from __future__ import annotations

import errno
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from dcmview.bulk import executors, processes
from dcmview.errors import StartError


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


@pytest.mark.parametrize("name", ["_start_fork_server", "_spawn_process"])
def test_where_no_process_can_be_started_a_run_says_what_needs_none(monkeypatch, name):
    def refuse(*_arguments):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(processes, "_start_fork_server", lambda: None)
    monkeypatch.setattr(processes if name.endswith("server") else ProcessPoolExecutor, name, refuse)
    with pytest.raises(StartError, match=r"unavailable.*--jobs 1 needs none"):
        processes.start_processes(2).submit(len, "")


def test_where_some_processes_can_be_started_they_do_all(monkeypatch):
    def start_one(pool):
        if pool._processes:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        pool._processes[1] = None

    monkeypatch.setattr(processes, "_start_fork_server", lambda: None)
    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", start_one)
    monkeypatch.setattr(ProcessPoolExecutor, "_start_executor_manager_thread", lambda _pool: None)
    pool = processes.start_processes(3)
    for _ in range(4):
        pool.submit(len, "")
    assert pool._max_workers == 1
    pool._processes.clear()
