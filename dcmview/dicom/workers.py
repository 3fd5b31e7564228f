"""Compressed frames are decoded in processes of their own, which this module supervises.

A codec that crashes, hangs or asks for all memory on a damaged frame costs that
frame and 50 ms, not the server. Where the system has no shared memory without
a name (anything but Linux), frames are decoded in the calling thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from dcmview.dicom.coded_frames import decoder_names
from dcmview.dicom.decoding import always_wanted
from dcmview.dicom.transfer import transfer_syntax
from dcmview.dicom.worker_process import Nursery, WorkerDied
from dcmview.errors import Busy, DecodeFailed, InstanceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.dicom.worker import DecodeJob
    from dcmview.dicom.worker_process import Worker
    from dcmview.model import PixelLayout, StoredFrame

CPU_LIMIT_S = 5.0
CPU_LIMIT_PER_MEGAPIXEL_S = 1.0
MOST_LOST_WORKERS = 3
"""Workers that may be killed from outside before a frame is tried by them."""


def cpu_limit_s(layout: PixelLayout) -> float:
    """Give the CPU seconds that one frame may take."""
    return CPU_LIMIT_S + CPU_LIMIT_PER_MEGAPIXEL_S * layout.rows * layout.columns / 1e6


class WorkerPool:
    """Supervised decoder processes: started when needed, replaced when they die.

    Parameters
    ----------
    size : int
        Processes that decode at the same time, at most.
    """

    def __init__(self, size: int) -> None:
        self._free_places = threading.Semaphore(size)
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._nursery = Nursery()
        self._closed = False

    def decode(
        self,
        frame: bytes,
        layout: PixelLayout,
        transfer_syntax_uid: str,
        *,
        threads: int = 1,
        halves: int = 0,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> StoredFrame:
        """Decode one frame in a worker; a crash is tried once more with the next decoder.

        Where a codec has but one, with that: what ended the worker may have
        been the system that ran out of memory, and not the frame.
        """
        from dcmview.dicom.worker import DecodeJob

        syntax = transfer_syntax(transfer_syntax_uid)
        has_another = not halves and len(decoder_names(syntax)) > 1
        limit_s = cpu_limit_s(layout)
        crashes = lost = 0
        first_decoder = 0
        while True:
            job = DecodeJob(
                frame_bytes=len(frame),
                layout=layout,
                transfer_syntax_uid=transfer_syntax_uid,
                cpu_limit_s=limit_s,
                threads=threads,
                first_decoder=first_decoder,
                halves=halves,
            )
            begin = time.monotonic()
            try:
                return self._decode_once(job, frame, is_wanted)
            except InstanceError:
                if not (crashes and first_decoder):
                    raise
                first_decoder = 0  # the other one cannot; perhaps it was no crash but a kill
            except WorkerDied as exc:
                limit_s -= time.monotonic() - begin
                if exc.abandoned:
                    raise CancelledError from exc
                if not exc.had_begun and lost < MOST_LOST_WORKERS:
                    lost += 1  # it was killed while it rested: no fault of the frame
                    continue
                if exc.out_of_time or limit_s <= 0:
                    raise DecodeFailed(f"{syntax.name}: the decoder took too long") from exc
                crashes += 1
                if crashes > 1:
                    message = f"{syntax.name}: the decoder crashed on this frame"
                    raise DecodeFailed(message) from exc
                first_decoder = 1 if has_another else 0

    def _decode_once(
        self, job: DecodeJob, frame: bytes, is_wanted: Callable[[], bool]
    ) -> StoredFrame:
        with self._free_places:
            worker = self._take()
            try:
                stored = worker.decode(job, frame, is_wanted)
            except InstanceError:
                self._give_back(worker)
                raise
            except BaseException:
                worker.end()  # what it may still answer must not reach the next frame
                raise
            self._give_back(worker)
            return stored

    def warm_up(self) -> None:
        """Start the first worker, so that the first frame need not wait for it."""
        with contextlib.suppress(Busy), self._free_places:
            self._give_back(self._take())

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()
        self._nursery.close()

    def _take(self) -> Worker:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                return self._nursery.worker()
            if worker.is_alive():
                return worker
            worker.end()  # it was killed while it rested

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if not self._closed and not worker.is_retiring:
                self._idle.append(worker)
                return
        worker.end()
