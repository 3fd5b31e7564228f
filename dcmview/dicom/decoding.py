"""Who decodes compressed frames: supervised processes, or the calling thread."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from dcmview.dicom.transfer import Codec, transfer_syntax
from dcmview.errors import DecodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.dicom.workers import WorkerPool
    from dcmview.model import PixelLayout, StoredFrame

# Nothing but numpy, zlib and a bounded unpacking of runs touches these; handing them to
# another process would take longer than decoding them.
IN_PROCESS = (Codec.NATIVE, Codec.DEFLATED_FRAME, Codec.RLE)


def always_wanted() -> bool:
    """Say that somebody still waits for the frame."""
    return True


class Decoder(Protocol):
    """Decodes compressed frames, for many threads."""

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
        """Decode one frame as `decode_frame` does, or halved so many times by its codec.

        Raises
        ------
        InstanceError
            As `decode_frame`; `DecodeFailed` also where the decoder crashed or
            ran out of time.
        CancelledError
            If nobody wanted the frame any more.
        Busy
            If no process can be started now.
        """
        ...

    def warm_up(self) -> None:
        """Start what the first frame would otherwise wait for."""
        ...

    def close(self) -> None:
        """End all processes."""
        ...


def make_decoder(size: int) -> Decoder:
    """Give supervised workers, at most so many, or the fallback where there can be none."""
    if not hasattr(os, "memfd_create") or sys.platform != "linux":
        return ThreadDecoder()
    return ProcessDecoder(size)


def decode_with(
    decoder: Decoder,
    frame: bytes | NDArray[np.uint8],
    layout: PixelLayout,
    syntax: TransferSyntax,
    *,
    little_endian: bool,
    bit_offset: int,
    threads: int = 1,
    halves: int = 0,
    is_wanted: Callable[[], bool] = always_wanted,
) -> StoredFrame:
    """Decode one frame: in this thread where no codec is needed, else with a decoder.

    Raises what `Decoder.decode` raises.
    """
    if syntax.codec in IN_PROCESS:
        from dcmview.dicom.decode import decode_frame

        return decode_frame(
            frame, layout, syntax, little_endian=little_endian, bit_offset=bit_offset
        )
    return decoder.decode(
        bytes(frame), layout, syntax.uid, threads=threads, halves=halves, is_wanted=is_wanted
    )


class ProcessDecoder:
    """Supervised workers, and what supervises them, from the first frame on that needs them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pool: WorkerPool | None = None
        self._is_closed = False
        self._lock = threading.Lock()

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
        """Decode one frame in a worker."""
        return self._workers().decode(
            frame,
            layout,
            transfer_syntax_uid,
            threads=threads,
            halves=halves,
            is_wanted=is_wanted,
        )

    def warm_up(self) -> None:
        """Start a worker."""
        self._workers().warm_up()

    def close(self) -> None:
        """End the workers, if there are any."""
        with self._lock:
            self._is_closed = True
            if self._pool is not None:
                self._pool.close()

    def _workers(self) -> WorkerPool:
        with self._lock:
            if self._pool is None:
                from dcmview.dicom.workers import WorkerPool

                self._pool = WorkerPool(self._size)
                if self._is_closed:
                    self._pool.close()
            return self._pool


class ThreadDecoder:
    """Decode in the calling thread: the same interface, without the isolation."""

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
        """Decode one frame; it runs to its end whether wanted or not."""
        from dcmview.dicom.coded_frames import decode_reduced
        from dcmview.dicom.decode import decode_frame

        syntax = transfer_syntax(transfer_syntax_uid)
        if halves:
            reduced = decode_reduced(frame, layout, syntax, halves=halves)
            if reduced is None:
                raise DecodeFailed(f"{syntax.name} has no reduced pictures")
            return reduced
        return decode_frame(frame, layout, syntax, threads=threads)

    def warm_up(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to end."""
