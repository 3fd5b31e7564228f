"""Which request for the end is granted, and when idle time runs."""

from __future__ import annotations

import time

import pytest

from dcmview.server import lifetime
from dcmview.server.lifetime import Lifetime
from dcmview.server.signals import EndReason
from dcmview.web.status import ServerStatus


@pytest.fixture(autouse=True)
def quick_idle_check(monkeypatch):
    monkeypatch.setattr(lifetime, "IDLE_CHECK_S", 0.01)


def make_lifetime(*, idle_limit_s=None, unsaved=False, ask_again=None, status=None):
    return Lifetime(
        status or ServerStatus(),
        idle_limit_s=idle_limit_s,
        has_unsaved_edits=lambda: unsaved,
        ask_again=ask_again,
    )


@pytest.mark.parametrize("reason", [EndReason.TERMINATE, EndReason.NOTHING_TO_SHOW])
def test_a_reason_that_asks_nobody_is_granted(reason):
    life = make_lifetime(unsaved=True, ask_again=pytest.fail)
    life.request_end(reason)
    assert life.wait() is reason


def test_the_first_interrupt_with_unsaved_edits_asks_and_the_second_ends():
    asked = []
    life = make_lifetime(unsaved=True, ask_again=lambda: asked.append(True))
    life.request_end(EndReason.INTERRUPT)
    life.request_end(EndReason.INTERRUPT)
    assert life.wait() is EndReason.INTERRUPT
    assert asked == [True]


def test_an_interrupt_without_unsaved_edits_ends_at_once():
    life = make_lifetime(ask_again=lambda: pytest.fail("asked"))
    life.request_end(EndReason.INTERRUPT)
    assert life.wait() is EndReason.INTERRUPT


def test_an_interrupt_where_nobody_reads_is_a_termination():
    life = make_lifetime(unsaved=True)
    life.request_end(EndReason.INTERRUPT)
    assert life.wait() is EndReason.TERMINATE


def test_idle_time_begins_at_the_end_of_the_scan():
    life = make_lifetime(idle_limit_s=0.05)
    time.sleep(0.1)
    start = time.monotonic()
    life.note_scan_end()
    assert life.wait() is EndReason.IDLE
    assert time.monotonic() - start > 0.03


def test_a_request_begins_the_idle_time_anew():
    status = ServerStatus()
    life = make_lifetime(idle_limit_s=0.1, status=status)
    life.note_scan_end()
    start = time.monotonic()
    status.last_request = start + 0.2
    assert life.wait() is EndReason.IDLE
    assert time.monotonic() - start > 0.25
