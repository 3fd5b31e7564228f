"""What may be under way at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from dcmview.admission import Admission


def test_work_under_way_is_bounded_by_what_it_declares():
    admission = Admission(100)
    order = []
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with admission.of(80):
            inside.set()
            assert leave.wait(10)
            order.append("first leaves")

    def follow(size):
        with admission.of(size):
            order.append(size)

    with ThreadPoolExecutor(3) as threads:
        holding = threads.submit(hold)
        assert inside.wait(10)
        threads.submit(follow, 20).result(10)  # fits beside it
        large = threads.submit(follow, 500)  # larger than everything: waits until it is alone
        assert not large.done()
        leave.set()
        large.result(10)
        holding.result(10)
    assert order == [20, "first leaves", 500]


def test_large_work_is_not_overtaken_for_ever():
    admission = Admission(100)
    order = []
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with admission.of(60):
            inside.set()
            assert leave.wait(10)

    def follow(size):
        with admission.of(size):
            order.append(size)

    with ThreadPoolExecutor(3) as threads:
        threads.submit(hold)
        assert inside.wait(10)
        large = threads.submit(follow, 90)
        while not admission._waiting:
            pass
        small = threads.submit(follow, 10)  # there would be room for it
        assert not small.done()
        leave.set()
        large.result(10)
        small.result(10)
    assert order == [90, 10]
