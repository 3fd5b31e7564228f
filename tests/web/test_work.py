"""Work for a client that goes away."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from dcmview.errors import DecodeFailed
from dcmview.schedule import Scheduler
from dcmview.web.work import ClientGone, in_thread


class FakeRequest:
    """As much of a request as the work needs: the application, headers and a connection."""

    def __init__(self, scheduler, *, background=False):
        self.app = SimpleNamespace(
            state=SimpleNamespace(context=SimpleNamespace(scheduler=scheduler))
        )
        self.headers = {"X-Dcmview-Priority": "background"} if background else {}
        self.closed = asyncio.Event()

    async def receive(self):
        await self.closed.wait()
        return {"type": "http.disconnect"}


def run(journey):
    async def with_scheduler():
        scheduler = Scheduler(2)
        try:
            return await asyncio.wait_for(journey(scheduler), 20)
        finally:
            scheduler.close()

    return asyncio.run(with_scheduler())


async def occupied(scheduler, end):
    """Keep both threads busy until told to end."""
    begun = [threading.Event(), threading.Event()]

    def hold(number):
        begun[number].set()
        assert end.wait(10)

    tasks = [
        asyncio.ensure_future(scheduler.run(("hold", n), lambda _wanted, n=n: hold(n)))
        for n in range(2)
    ]
    for event in begun:
        assert await asyncio.to_thread(event.wait, 10)
    return tasks


def test_what_waits_is_dropped_when_its_last_client_goes():
    async def journey(scheduler):
        end, computed = threading.Event(), []
        busy = await occupied(scheduler, end)
        clients = [FakeRequest(scheduler) for _ in range(2)]
        answers = [
            asyncio.ensure_future(in_thread(client, "frame", lambda _wanted: computed.append(1)))
            for client in clients
        ]
        await asyncio.sleep(0.01)
        assert scheduler.waiting() == 1
        clients[0].closed.set()
        with pytest.raises(ClientGone):
            await answers[0]
        assert scheduler.waiting() == 1  # the other one still waits
        clients[1].closed.set()
        with pytest.raises(ClientGone):
            await answers[1]
        assert scheduler.waiting() == 0
        end.set()
        await asyncio.gather(*busy)
        return computed

    assert run(journey) == []


def test_what_runs_learns_that_nobody_waits():
    async def journey(scheduler):
        client, wanted = FakeRequest(scheduler), threading.Event()
        seen = []

        def compute(is_wanted):
            wanted.set()
            for _ in range(1000):
                if not is_wanted():
                    seen.append("dropped")
                    return
                threading.Event().wait(0.005)

        answer = asyncio.ensure_future(in_thread(client, "frame", compute))
        assert await asyncio.to_thread(wanted.wait, 10)
        client.closed.set()
        with pytest.raises(ClientGone):
            await answer
        for _ in range(1000):
            if seen:
                break
            await asyncio.sleep(0.005)
        return seen

    assert run(journey) == ["dropped"]


def test_the_header_marks_background_work():
    async def journey(scheduler):
        end, order = threading.Event(), []
        busy = await occupied(scheduler, end)
        later = [
            asyncio.ensure_future(
                in_thread(
                    FakeRequest(scheduler, background=background),
                    name,
                    lambda _wanted, name=name: order.append(name),
                )
            )
            for name, background in (("ahead", True), ("screen", False))
        ]
        await asyncio.sleep(0.01)
        end.set()
        await asyncio.gather(*busy, *later)
        return order

    assert run(journey) == ["screen", "ahead"]


def test_an_error_of_the_work_is_raised_to_the_client():
    async def journey(scheduler):
        def fail(_is_wanted):
            raise DecodeFailed("damaged")

        await in_thread(FakeRequest(scheduler), "frame", fail)

    with pytest.raises(DecodeFailed, match="damaged"):
        run(journey)
