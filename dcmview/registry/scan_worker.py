"""The child side of the scan: reads headers and answers with them, chunk by chunk.

A process of its own because reading headers is Python all the way, and
because what the header walker declines may be hostile: here it costs a
chunk, not the server. Imports pydicom only when a file needs it.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from typing import IO, TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from dcmview.model import (  # noqa: TC001 - msgspec looks them up
    FileStamp,
    InstanceHeader,
    Placement,
    Repair,
    SharedHeader,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.registry.reading import Outcome

LENGTH = struct.Struct("<I")

Part = TypeVar("Part")

ADDRESS_SPACE_BYTES = 2 * 1024 * 1024 * 1024


class Hello(Struct, array_like=True):
    """The first message to a worker."""

    filters: tuple[tuple[str, str], ...]


class ListedRecord(Struct, array_like=True, gc=False):
    """One listed file of a chunk; shared parts are numbers in the tables of the worker."""

    position: int
    stamp: FileStamp
    shared: int
    window: int
    sop_instance_uid: str
    instance_number: str
    placement: Placement
    problem: str
    repairs: tuple[Repair, ...]


class OtherRecord(Struct, array_like=True, gc=False):
    """One file of a chunk that is not listed: an archive where ``end`` is empty."""

    position: int
    end: str
    reason: str
    stamp: FileStamp | None


class ChunkAnswer(Struct, array_like=True):
    """What a worker says of a chunk; the tables hold what is new since the last answer."""

    shared: list[SharedHeader]
    windows: list[Window]
    listed: list[ListedRecord]
    others: list[OtherRecord]


class Packer:
    """Turns outcomes into records, naming shared parts by number."""

    def __init__(self) -> None:
        # Keyed by identity, which is enough for what the walker shares; the lists keep them alive.
        self._shared: list[SharedHeader] = []
        self._windows: list[Window] = []
        self._number_of: dict[int, int] = {}

    def pack(self, outcomes: Sequence[Outcome]) -> ChunkAnswer:
        """Make the answer for a chunk."""
        from dcmview.registry.reading import Archive, Listed

        first_shared, first_window = len(self._shared), len(self._windows)
        listed: list[ListedRecord] = []
        others: list[OtherRecord] = []
        for position, outcome in enumerate(outcomes):
            if isinstance(outcome, Listed):
                listed.append(self._record(position, outcome.stamp, outcome.header))
            elif isinstance(outcome, Archive):
                others.append(OtherRecord(position, "", outcome.kind, outcome.stamp))
            else:
                others.append(OtherRecord(position, outcome.end, outcome.reason, None))
        return ChunkAnswer(
            self._shared[first_shared:], self._windows[first_window:], listed, others
        )

    def _record(self, position: int, stamp: FileStamp, header: InstanceHeader) -> ListedRecord:
        window = header.default_window
        return ListedRecord(
            position,
            stamp,
            self._number(header.shared, self._shared),
            -1 if window is None else self._number(window, self._windows),
            header.sop_instance_uid,
            header.instance_number,
            header.placement,
            header.problem,
            header.repairs,
        )

    def _number(self, part: Part, table: list[Part]) -> int:
        number = self._number_of.get(id(part))
        if number is None:
            number = self._number_of[id(part)] = len(table)
            table.append(part)
        return number


def work(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Read headers until there is nothing more to do; the life of a scan worker."""
    from dcmview.registry.reading import FileReader

    hello = msgspec.msgpack.decode(receive(requests), type=Hello)
    reader = FileReader(hello.filters)
    packer = Packer()
    encode = msgspec.msgpack.Encoder().encode
    decode = msgspec.msgpack.Decoder(list[bytes]).decode
    send(answers, b"")  # ready
    while message := receive(requests):
        paths = [os.fsdecode(name) for name in decode(message)]
        send(answers, encode(packer.pack(list(reader.read_all(paths)))))


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one message; empty where the other side has ended, or says only that it is there."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    return stream.read(LENGTH.unpack(head)[0])


def main() -> None:
    """Serve the process that started this one, over standard input and output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed must not end up among the answers
    if sys.platform == "linux":
        from dcmview.dicom.sandbox import confine, limit_address_space

        confine()
        limit_address_space(ADDRESS_SPACE_BYTES)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        work(sys.stdin.buffer, answers)
    os._exit(0)
