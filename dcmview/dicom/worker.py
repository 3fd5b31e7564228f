"""The child side of the supervised decoders: a nursery, and the workers it forks.

The nursery loads the codecs once and forks a worker whenever the server asks
for one, which takes a tenth of the time of a new process. A worker opens no
file: the compressed frame comes in shared memory, and the samples go back the
same way. Whatever a damaged frame makes of a C library ends here.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import pickle
import signal
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from dcmview.dicom.coded_frames import decode_reduced
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.sandbox import confine, limit_address_space
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DcmviewError, DecodeFailed, one_line
from dcmview.heap import keep_freed_memory
from dcmview.model import PixelLayout, Repair  # noqa: TC001 - msgspec looks them up

if TYPE_CHECKING:
    from dcmview.model import StoredFrame

FRAMES_PER_WORKER = 5_000
"""Then a worker is replaced, should a codec lose memory."""
GROWTH_LIMIT_BYTES = 300 * 1024 * 1024
"""Or when it has grown by this much."""

SPAWN = b"w"
BEGUN = 1
"""The last byte of the shared memory, once a worker has begun with the frame."""
LENGTH = struct.Struct("<I")
MOST_MESSAGE_BYTES = 1024 * 1024

_CODEC_MODULES = (
    "imagecodecs._jpeg8",
    "imagecodecs._jpegls",
    "imagecodecs._jpeg2k",
    "imagecodecs._htj2k",
    "imagecodecs._jpegxl",
    "PIL.Jpeg2KImagePlugin",
)
"""What is tried first: a second opinion may be imported by the worker that asks for it."""
_ADDRESS_SPACE_AT_LEAST_BYTES = 1024 * 1024 * 1024
_ADDRESS_SPACE_BESIDE_FRAME_BYTES = 512 * 1024 * 1024
_ADDRESS_SPACE_PER_FRAME = 6  # codecs hold wide coefficients, and the planes before and after


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """One frame to decode; its first ``frame_bytes`` bytes lie in the shared memory.

    ``halves`` asks for a picture with half the rows and columns, so many times;
    ``first_decoder`` leaves out the decoders that have failed already.
    """

    frame_bytes: int
    layout: PixelLayout
    transfer_syntax_uid: str
    cpu_limit_s: float
    threads: int = 1
    first_decoder: int = 0
    halves: int = 0


class DecodeAnswer(msgspec.Struct):
    """What a worker answers; the samples lie in the shared memory.

    Either ``error`` names a class of `dcmview.errors`, or ``layout`` and what
    follows describe the frame. ``retiring`` says that this worker ends now.
    """

    error: str = ""
    message: str = ""
    layout: PixelLayout | None = None
    dtype: str = ""
    shape: tuple[int, ...] = ()
    truncated: bool = False
    repairs: tuple[Repair, ...] = ()
    retiring: bool = False


def shared_bytes(layout: PixelLayout) -> int:
    """Give the most that the samples of a frame can take: codecs may widen them to 32 bits."""
    cell_bytes = max(4, -(-layout.bits_allocated // 8))
    return layout.rows * layout.columns * layout.samples_per_pixel * cell_bytes


def send(connection: socket.socket, message: bytes) -> None:
    """Write one message."""
    connection.sendall(LENGTH.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes:
    """Read one message; empty where the other side has ended."""
    head = _receive_exactly(connection, LENGTH.size)
    if not head:
        return b""
    (length,) = LENGTH.unpack(head)
    return _receive_exactly(connection, length) if length <= MOST_MESSAGE_BYTES else b""


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        block = connection.recv(length - len(content))
        if not block:
            return b""
        content += block
    return content


def tend(control: socket.socket) -> None:
    """Fork workers on request until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server to act upon
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    keep_freed_memory()
    _load_codecs()
    gc.freeze()  # what is loaded stays, and in memory that is shared with the workers
    gc.enable()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, len(SPAWN), 2)
        if message != SPAWN:
            return
        if os.fork() == 0:
            control.close()
            connection, memory = descriptors
            with contextlib.suppress(BaseException):
                _serve(socket.socket(fileno=connection), memory)
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _load_codecs() -> None:
    """Import now what each worker would otherwise import after the fork."""
    for name in _CODEC_MODULES:
        with contextlib.suppress(ImportError):
            __import__(name)
    with contextlib.suppress(ImportError):
        from PIL import Image

        Image.preinit()  # and not all formats there are


def _serve(connection: socket.socket, memory: int) -> None:
    with open("/proc/self/statm", "rb", buffering=0) as statm:
        confine()
        shared = _SharedMemory(memory)
        at_start = _memory_use(statm.fileno())
        send(connection, str(os.getpid()).encode())
        for count in range(1, FRAMES_PER_WORKER + 1):
            message = receive(connection)
            if not message:
                return
            # The server is trusted; nothing is ever unpickled the other way.
            job: DecodeJob = pickle.loads(message)  # noqa: S301
            mapping = shared.mapping()
            mapping[-1] = BEGUN
            limit_address_space(at_start.virtual_bytes + _address_space(job.layout))
            answer = _answer(job, mapping)
            grown = _memory_use(statm.fileno()).resident_bytes - at_start.resident_bytes
            answer.retiring = count == FRAMES_PER_WORKER or grown > GROWTH_LIMIT_BYTES
            send(connection, msgspec.msgpack.encode(answer))
            if answer.retiring:
                return


def _answer(job: DecodeJob, shared: mmap.mmap) -> DecodeAnswer:
    frame = shared[: job.frame_bytes]
    # The kernel ends a process that burns more than its share, in whatever C
    # code it is; a handler of ours would not get to run. All threads count.
    signal.setitimer(signal.ITIMER_PROF, job.cpu_limit_s)
    try:
        stored = _decode(job, frame)
    except DcmviewError as exc:
        return DecodeAnswer(error=type(exc).__name__, message=exc.message)
    except BaseException as exc:  # a panic in Rust is no Exception
        return DecodeAnswer(error=DecodeFailed.__name__, message=one_line(exc, most=1000))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    values: np.ndarray[Any, Any] = np.ascontiguousarray(stored.values)
    shared[: values.nbytes] = values.reshape(-1).data.cast("B")
    return DecodeAnswer(
        layout=stored.layout,
        dtype=values.dtype.str,
        shape=values.shape,
        truncated=stored.truncated,
        repairs=stored.repairs,
    )


def _decode(job: DecodeJob, frame: bytes) -> StoredFrame:
    syntax = transfer_syntax(job.transfer_syntax_uid)
    if job.halves:
        reduced = decode_reduced(frame, job.layout, syntax, halves=job.halves)
        if reduced is None:
            raise DecodeFailed(f"{syntax.name} has no reduced pictures")
        return reduced
    return decode_frame(
        frame, job.layout, syntax, threads=job.threads, first_decoder=job.first_decoder
    )


def _address_space(layout: PixelLayout) -> int:
    needed = _ADDRESS_SPACE_PER_FRAME * shared_bytes(layout) + _ADDRESS_SPACE_BESIDE_FRAME_BYTES
    return max(_ADDRESS_SPACE_AT_LEAST_BYTES, needed)


class _SharedMemory:
    """The memory that the server resizes, mapped anew only then."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mapping: mmap.mmap | None = None

    def mapping(self) -> mmap.mmap:
        size = os.fstat(self._descriptor).st_size
        if self._mapping is None or len(self._mapping) != size:
            if self._mapping is not None:
                self._mapping.close()
            self._mapping = mmap.mmap(self._descriptor, size)
        return self._mapping


@dataclass(frozen=True, slots=True)
class _MemoryUse:
    virtual_bytes: int
    resident_bytes: int


def _memory_use(statm: int) -> _MemoryUse:
    pages = os.pread(statm, 100, 0).split()
    page_bytes = mmap.PAGESIZE
    return _MemoryUse(int(pages[0]) * page_bytes, int(pages[1]) * page_bytes)


if __name__ == "__main__":
    tend(socket.socket(fileno=int(sys.argv[1])))
