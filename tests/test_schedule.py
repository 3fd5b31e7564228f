"""Who computes what first, what is dropped, and what is turned away."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from dcmview.errors import Busy, DecodeFailed
from dcmview.schedule import MOST_WAITING, Scheduler


class Gate:
    """Work that ends when told to, and says that it has begun."""

    def __init__(self, value=None):
        self.begun, self.end = threading.Event(), threading.Event()
        self.value = value
        self.is_wanted = None

    def __call__(self, is_wanted):
        self.is_wanted = is_wanted
        self.begun.set()
        assert self.end.wait(10)
        return self.value

    async def wait_begun(self):
        assert await asyncio.to_thread(self.begun.wait, 10)


def in_loop(journey):
    """Run a journey with a scheduler of two threads."""

    async def run():
        scheduler = Scheduler(2)
        try:
            return await asyncio.wait_for(journey(scheduler), 20)
        finally:
            scheduler.close()

    return asyncio.run(run())


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def test_the_same_work_asked_for_twice_is_done_once():
    async def journey(scheduler):
        gate = Gate("picture")
        first = asyncio.ensure_future(scheduler.run("key", gate))
        await gate.wait_begun()
        second = asyncio.ensure_future(scheduler.run("key", lambda _: "another"))
        await asyncio.sleep(0)
        gate.end.set()
        return await asyncio.gather(first, second)

    assert in_loop(journey) == ["picture", "picture"]


def test_what_is_looked_at_goes_before_what_is_fetched_ahead():
    async def journey(scheduler):
        order = []
        gates = [Gate(), Gate()]
        running = [asyncio.ensure_future(scheduler.run(n, gate)) for n, gate in enumerate(gates)]
        for gate in gates:
            await gate.wait_begun()
        later = [
            asyncio.ensure_future(
                scheduler.run(f"b{n}", lambda _, n=n: order.append(f"b{n}"), urgent=False)
            )
            for n in range(3)
        ]
        await asyncio.sleep(0)
        later.append(asyncio.ensure_future(scheduler.run("u", lambda _: order.append("u"))))
        await asyncio.sleep(0)
        gates[0].end.set()
        await asyncio.gather(*later)
        gates[1].end.set()
        await asyncio.gather(*running)
        return order

    assert in_loop(journey) == ["u", "b0", "b1", "b2"]


def test_background_work_leaves_a_thread_free():
    async def journey(scheduler):
        gates = [Gate(), Gate()]
        ahead = [
            asyncio.ensure_future(scheduler.run(n, gate, urgent=False))
            for n, gate in enumerate(gates)
        ]
        await gates[0].wait_begun()
        assert await scheduler.run("screen", lambda _: "at once") == "at once"
        assert not gates[1].begun.is_set()
        for gate in gates:
            gate.end.set()
        await asyncio.gather(*ahead)

    in_loop(journey)


def test_background_work_that_is_looked_at_becomes_urgent():
    async def journey(scheduler):
        order = []
        gates = [Gate(), Gate()]
        running = [asyncio.ensure_future(scheduler.run(n, g)) for n, g in enumerate(gates)]
        for gate in gates:
            await gate.wait_begun()
        rest = [
            asyncio.ensure_future(
                scheduler.run(name, lambda _, name=name: order.append(name), urgent=False)
            )
            for name in ("a", "b")
        ]
        await asyncio.sleep(0)
        rest.append(asyncio.ensure_future(scheduler.run("b", lambda _: None)))
        await asyncio.sleep(0)
        gates[0].end.set()
        await asyncio.gather(*rest)
        gates[1].end.set()
        await asyncio.gather(*running)
        return order

    assert in_loop(journey) == ["b", "a"]


def test_work_that_nobody_waits_for_is_not_begun():
    async def journey(scheduler):
        gates = [Gate(), Gate()]
        running = [asyncio.ensure_future(scheduler.run(n, g)) for n, g in enumerate(gates)]
        for gate in gates:
            await gate.wait_begun()
        begun = []
        dropped = asyncio.ensure_future(scheduler.run("x", lambda _: begun.append("x")))
        await asyncio.sleep(0)
        assert scheduler.waiting() == 1
        dropped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dropped
        assert scheduler.waiting() == 0
        for gate in gates:
            gate.end.set()
        await asyncio.gather(*running)
        return begun

    assert in_loop(journey) == []


def test_running_work_learns_that_its_last_client_went_away():
    async def journey(scheduler):
        gate = Gate()
        clients = [asyncio.ensure_future(scheduler.run("x", gate)) for _ in range(2)]
        await gate.wait_begun()
        await asyncio.sleep(0)
        clients[0].cancel()
        await asyncio.sleep(0.01)
        assert gate.is_wanted()
        clients[1].cancel()
        await until(lambda: not gate.is_wanted())
        gate.end.set()

    in_loop(journey)


def test_work_dropped_too_early_is_done_for_whoever_came_late():
    async def journey(scheduler):
        calls = []

        def compute(_is_wanted):
            calls.append(1)
            if len(calls) == 1:
                raise CancelledError
            return "done"

        return await scheduler.run("x", compute), len(calls)

    assert in_loop(journey) == ("done", 2)


def test_an_error_reaches_everybody_and_the_next_call_tries_again():
    async def journey(scheduler):
        def fail(_is_wanted):
            raise DecodeFailed("damaged")

        with pytest.raises(DecodeFailed, match="damaged"):
            await scheduler.run("x", fail)
        return await scheduler.run("x", lambda _: "whole")

    assert in_loop(journey) == "whole"


def test_a_full_queue_turns_away():
    async def journey(scheduler):
        gates = [Gate(), Gate()]
        running = [asyncio.ensure_future(scheduler.run(n, g)) for n, g in enumerate(gates)]
        for gate in gates:
            await gate.wait_begun()
        waiting = [
            asyncio.ensure_future(scheduler.run(f"w{n}", lambda _: None))
            for n in range(MOST_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await scheduler.run("one more", lambda _: None)
        for gate in gates:
            gate.end.set()
        await asyncio.gather(*running, *waiting)

    in_loop(journey)


def test_work_that_comes_together_is_done_by_several_threads_at_once():
    async def journey(scheduler):
        await scheduler.run("first", lambda _: None)
        # One thread rests now. Both pieces come before it has woken.
        gates = [Gate(), Gate()]
        running = [asyncio.ensure_future(scheduler.run(n, g)) for n, g in enumerate(gates)]
        for gate in gates:
            await gate.wait_begun()
        for gate in gates:
            gate.end.set()
        await asyncio.gather(*running)

    in_loop(journey)
