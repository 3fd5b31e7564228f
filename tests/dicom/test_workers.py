"""Decoder processes: right answers, and what crashes, hangs and bombs cost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import openjpeg
import pytest
from support.pixel_files import pixel_file_named

from dcmview.dicom import worker_process, workers
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.decoding import ProcessDecoder, ThreadDecoder, make_decoder
from dcmview.dicom.frames import frame_table
from dcmview.dicom.instance import open_instance
from dcmview.dicom.transfer import transfer_syntax
from dcmview.dicom.worker import DecodeJob
from dcmview.dicom.workers import WorkerPool
from dcmview.errors import Busy, DcmviewError, DecodeFailed
from dcmview.model import PixelLayout

COMPRESSED = ("JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_jpeg_ls_lossless.dcm")


@pytest.fixture(scope="module")
def pool():
    pool = WorkerPool(2)
    yield pool
    pool.close()


def first_frame(name):
    instance = open_instance(str(pixel_file_named(name)))
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    with instance.open() as source:
        table = frame_table(source, instance.pixel_location, instance.layout, syntax)
        return table.frame_bytes(source, 0), instance.layout, syntax


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("decoder", ["pool", "thread"])
def test_a_frame_is_the_same_from_a_worker_and_from_the_decoder_itself(name, decoder, pool):
    frame, layout, syntax = first_frame(name)
    expected = decode_frame(frame, layout, syntax)
    decoder = pool if decoder == "pool" else ThreadDecoder()
    found = decoder.decode(frame, layout, syntax.uid)
    assert np.array_equal(found.values, expected.values)
    assert found.values.dtype == expected.values.dtype
    assert (found.layout, found.repairs) == (expected.layout, expected.repairs)


def test_the_second_decoder_is_found_by_the_worker_that_needs_it(pool):
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    job = DecodeJob(len(frame), layout, syntax.uid, cpu_limit_s=10, first_decoder=1)
    found = pool._decode_once(job, frame, lambda: True)
    assert np.array_equal(found.values, openjpeg.decode(frame))


def test_a_worker_imports_nothing_for_frames_of_any_codec():
    """All that the first decoders need is there before the fork, small pictures included."""
    program = (
        "import sys, numpy as np\n"
        "from dcmview.dicom import worker\n"
        "from dcmview.model import PixelLayout\n"
        "worker._load_codecs()\n"
        "import imagecodecs as codecs\n"
        "levels, layout = np.zeros((64, 64), np.uint8), PixelLayout(64, 64)\n"
        "streams = {'50': codecs.jpeg8_encode(levels), '80': codecs.jpegls_encode(levels),\n"
        "  '90': codecs.jpeg2k_encode(levels, codecformat='j2k', reversible=True),\n"
        "  '201': codecs.htj2k_encode(levels), '112': codecs.jpegxl_encode(levels)}\n"
        "before = set(sys.modules)\n"
        "for number, stream in streams.items():\n"
        "    for halves in (0, 1) if number in ('50', '90') else (0,):\n"
        "        job = worker.DecodeJob(\n"
        "            0, layout, '1.2.840.10008.1.2.4.' + number, 1, halves=halves)\n"
        "        print(worker._decode(job, bytes(stream)).values.shape)\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    whole, half = "(64, 64)", "(32, 32)"
    assert told.stdout.splitlines() == [whole, half, whole, whole, half, whole, whole, "[]"]


def test_linux_decodes_in_processes_of_its_own():
    decoder = make_decoder(1)
    assert isinstance(decoder, ProcessDecoder)
    decoder.close()


def test_a_decoder_that_was_closed_before_its_first_frame_starts_no_worker():
    decoder = make_decoder(1)
    decoder.close()
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    with pytest.raises(Busy, match="the viewer ends"):
        decoder.decode(frame, layout, syntax.uid)


def test_what_the_decoder_refuses_says_why_and_costs_no_worker(pool):
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    before = worker_pids(pool)
    with pytest.raises(DecodeFailed, match="the data set says"):
        pool.decode(frame, replace(layout, rows=layout.rows + 1), syntax.uid)
    pool.decode(frame, layout, syntax.uid)
    assert before <= worker_pids(pool)


def test_a_killed_worker_costs_its_frame_and_is_replaced(pool):
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    pool.decode(frame, layout, syntax.uid)
    for one in list(pool._idle):
        one.kill()
    assert pool.decode(frame, layout, syntax.uid).values.shape == (layout.rows, layout.columns)


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("kill_nursery", [False, True])
def test_workers_killed_while_they_rest_cost_no_frame(name, kill_nursery):
    """As the system does when memory runs out; these codecs have one decoder or two."""
    pool = WorkerPool(2)
    frame, layout, syntax = first_frame(name)
    expected = decode_frame(frame, layout, syntax)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: pool.decode(frame, layout, syntax.uid), range(8)))
    for one in list(pool._idle):
        one.kill()
    if kill_nursery:
        pool._nursery._process.kill()
        pool._nursery._process.wait()
    found = pool.decode(frame, layout, syntax.uid)
    assert np.array_equal(found.values, expected.values)
    assert found.layout == expected.layout
    pool.close()


def test_a_worker_that_cannot_be_started_now_is_no_fault_of_the_frame(monkeypatch):
    pool = WorkerPool(1)
    frame, layout, syntax = first_frame("JPEG2000.dcm")

    def refuse(*_args, **_keywords):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr(worker_process.socket, "socketpair", refuse)
        with pytest.raises(Busy, match="Too many open files"):
            pool.decode(frame, layout, syntax.uid)
    assert pool.decode(frame, layout, syntax.uid).values.shape == (layout.rows, layout.columns)
    pool.close()


def test_closing_does_not_wait_for_a_nursery_that_stands_still():
    pool = WorkerPool(1)
    pool.warm_up()
    pool._idle.pop().end()
    os.kill(pool._nursery._process.pid, signal.SIGSTOP)
    waiting = threading.Thread(target=pool.warm_up)
    waiting.start()
    time.sleep(0.2)
    begin = time.monotonic()
    pool.close()
    assert time.monotonic() - begin < 10  # it stands still for ever
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_closed_pool_starts_nothing():
    pool = WorkerPool(1)
    pool.close()
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    with pytest.raises(Busy):
        pool.decode(frame, layout, syntax.uid)
    assert pool._nursery._process is None


def test_many_threads_share_the_workers(pool):
    frame, layout, syntax = first_frame("JPEG2000.dcm")
    expected = decode_frame(frame, layout, syntax).values
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: pool.decode(frame, layout, syntax.uid), range(40)))
    assert all(np.array_equal(each.values, expected) for each in found)
    assert len(pool._idle) <= 2


def test_the_kernel_ends_a_decoder_that_burns_more_than_its_share(rogue, monkeypatch):
    """A decoder that never ends, as damaged streams have made of some."""
    monkeypatch.setattr(workers, "CPU_LIMIT_S", 0.5)
    pool = rogue("while True: pass")
    begin = time.monotonic()
    with pytest.raises(DecodeFailed, match="took too long"):
        pool.decode(b"x", PixelLayout(1, 1), J2K)
    assert 0.4 < time.monotonic() - begin < worker_process.WALL_LIMIT_S / 2


def test_a_decoder_that_sleeps_is_ended_by_the_clock(rogue, monkeypatch):
    monkeypatch.setattr(workers, "CPU_LIMIT_S", 0.1)
    monkeypatch.setattr(worker_process, "WALL_LIMIT_S", 1.0)
    pool = rogue("time.sleep(60)")
    begin = time.monotonic()
    with pytest.raises(DecodeFailed, match="took too long"):
        pool.decode(b"x", PixelLayout(1, 1), J2K)
    assert time.monotonic() - begin < 30


def test_a_crash_is_tried_with_the_next_decoder_and_then_given_up(rogue):
    pool = rogue("os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(DecodeFailed, match="crashed"):
        pool.decode(b"x", PixelLayout(1, 1), J2K)
    pool = rogue("if not first_decoder: os.kill(os.getpid(), signal.SIGSEGV)")
    assert pool.decode(b"x", PixelLayout(1, 1), J2K).values.tolist() == [[7]]


def test_a_kill_before_a_decoder_that_refuses_is_no_verdict(rogue, tmp_path):
    """The first one is killed once, as by the system; the second one cannot read the frame."""
    mark = tmp_path / "killed"
    mark.touch()
    pool = rogue(
        "if first_decoder: raise ValueError('refused')\n"
        f"    if os.path.exists({str(mark)!r}): time.sleep(30)"
    )
    frames = []
    decoding = threading.Thread(
        target=lambda: frames.append(pool.decode(b"x", PixelLayout(1, 1), J2K))
    )
    (worker,) = pool._idle
    decoding.start()
    time.sleep(0.3)
    mark.unlink()
    worker.kill()
    decoding.join(30)
    assert frames[0].values.tolist() == [[7]]


def test_a_worker_looks_for_garbage_of_frames_and_not_among_what_was_loaded(monkeypatch):
    before, after = worker_process._BOOT.split("from dcmview.dicom.worker import tend;")
    tells = (
        "\nfrom dcmview.dicom import worker\n"
        "def decode_frame(*_, **__):\n"
        "    raise ValueError([gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects())])\n"
        "worker.decode_frame, tend = decode_frame, worker.tend\n"
    )
    monkeypatch.setattr(worker_process, "_BOOT", before + tells + after.strip())
    pool = WorkerPool(1)
    try:
        with pytest.raises(DecodeFailed, match=r"\[True, True\]"):
            pool.decode(b"x", PixelLayout(1, 1), J2K)
    finally:
        pool.close()


def test_a_decoder_that_wants_all_memory_is_refused_it(rogue):
    pool = rogue("bytearray(8 << 30)")
    with pytest.raises(DecodeFailed, match="MemoryError"):
        pool.decode(b"x", PixelLayout(1, 1), J2K)


def test_a_decoder_may_not_write_start_or_connect(rogue, tmp_path):
    """Without effect where the kernel has no Landlock; then the limits alone hold."""
    if not has_landlock():
        pool = rogue(f"open({str(tmp_path / 'a')!r}, 'w').write('x' * 10)")
        with pytest.raises(DcmviewError):
            pool.decode(b"x", PixelLayout(1, 1), J2K)
        return
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        existing = tmp_path / "existing"
        existing.write_text("source")
        for attempt in (
            f"open({str(tmp_path / 'new')!r}, 'w')",
            f"open({str(existing)!r}, 'r+')",
            f"os.truncate({str(existing)!r}, 0)",
            f"os.unlink({str(existing)!r})",
            "os.execv('/bin/true', ['true'])",
            f"socket.create_connection(('127.0.0.1', {port}))",
        ):
            with pytest.raises(DecodeFailed, match=r"denied|not permitted"):
                rogue(attempt).decode(b"x", PixelLayout(1, 1), J2K)
    assert existing.read_text() == "source"


def test_an_answer_of_another_shape_is_not_believed(rogue):
    pool = rogue("shape = (2, 1)")
    with pytest.raises(DecodeFailed, match="something else"):
        pool.decode(b"x", PixelLayout(1, 1), J2K)


def test_a_worker_is_retired_after_its_share_of_frames(rogue):
    pool = rogue("", frames_per_worker=2)
    seen = set()
    for _ in range(4):
        pool.decode(b"x", PixelLayout(1, 1), J2K)
        seen |= {one.pid for one in pool._idle}
    assert len(seen) == 2  # the second frame of each ended it


def test_a_decode_that_nobody_waits_for_is_ended(rogue, monkeypatch):
    monkeypatch.setattr(worker_process, "ABANDONED_AFTER_S", 0.3)
    pool = rogue("time.sleep(60)")
    begin = time.monotonic()
    with pytest.raises(CancelledError):
        pool.decode(b"x", PixelLayout(1, 1), J2K, is_wanted=lambda: False)
    assert time.monotonic() - begin < 30


def test_workers_end_with_a_server_that_is_killed():
    code = (
        "from dcmview.dicom.workers import WorkerPool\n"
        "pool = WorkerPool(1); pool.warm_up()\n"
        "print(pool._idle[0].pid, pool._nursery._process.pid, flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as server:
        pids = [int(word) for word in server.stdout.readline().split()]
        assert all(is_alive(pid) for pid in pids)
        server.kill()
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(is_alive(pid) for pid in pids)


def test_closing_ends_the_processes():
    pool = WorkerPool(1)
    pool.warm_up()
    pids = [pool._idle[0].pid, pool._nursery._process.pid]
    pool.close()
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(is_alive(pid) for pid in pids)


# --- help -----------------------------------------------------------------------------------

J2K = "1.2.840.10008.1.2.4.90"

ROGUE = """
import os, signal, socket, sys, time, json
sys.path[:] = json.loads(sys.argv[2])
import numpy as np
from dcmview.dicom import worker
from dcmview.model import StoredFrame
worker.FRAMES_PER_WORKER = {frames_per_worker}
def decode_frame(frame, layout, syntax, *, threads, first_decoder):
    shape = (1, 1)
    {body}
    return StoredFrame(np.full(shape, 7, np.uint16), layout)
worker.decode_frame = decode_frame
worker.tend(socket.socket(fileno=int(sys.argv[1])))
"""


@pytest.fixture
def rogue(monkeypatch):
    """Pools whose decoder does what a damaged stream has made of one."""
    pools = []

    def make(body, frames_per_worker=5_000):
        boot = ROGUE.format(body=body or "pass", frames_per_worker=frames_per_worker)
        monkeypatch.setattr(worker_process, "_BOOT", boot)
        pools.append(WorkerPool(1))
        pools[-1].warm_up()
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def worker_pids(pool):
    return {one.pid for one in pool._idle}


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second while it is read
        return False


def has_landlock():
    import ctypes

    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1
