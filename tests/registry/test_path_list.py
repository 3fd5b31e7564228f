"""Lists of paths are read as they come, whatever separates them."""

from __future__ import annotations

import io
import os
import threading

import pytest

from dcmview.errors import Unreadable
from dcmview.registry.path_list import LONGEST_PATH_BYTES, read_path_list


def paths_in(content: bytes) -> list[str]:
    return list(read_path_list(io.BytesIO(content), "some list"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a\nb c\n", ["a", "b c"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\n\n\nb", ["a", "b"]),
        (b"# a comment\na\n#b\n ./#c\n", ["a", " ./#c"]),
        (b"\xef\xbb\xbfa\nb", ["a", "b"]),
        (b"\xef\xbb\xbf# a comment\na", ["a"]),
        ("\ufeffä\r\nb\r\n".encode("utf-16-le"), ["ä", "b"]),
        ("\ufeffä\nb".encode("utf-16-be"), ["ä", "b"]),
        (b"a\0b\0", ["a", "b"]),
        (b"a\nb\0#c\0\0d", ["a\nb", "#c", "d"]),
        (b"only", ["only"]),
        (b"only\0", ["only"]),
        (b"\xef", [os.fsdecode(b"\xef")]),
        (b"\xff\xe4.dcm\n", [os.fsdecode(b"\xff\xe4.dcm")]),
    ],
)
def test_the_paths_of_a_list(content: bytes, expected: list[str]) -> None:
    assert paths_in(content) == expected


class Slow(io.RawIOBase):
    """Gives a byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        return self._content.readinto(target[:1])


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [b"\n", b"\0", b"\r\n"])
def test_a_list_is_the_same_in_pieces(mark: bytes, separator: bytes) -> None:
    content = mark + separator.join((b"a/\xc3\xa4.dcm", b"", b"b", b"c d"))
    stream = io.BufferedReader(Slow(content), buffer_size=1)
    assert list(read_path_list(stream, "x")) == ["a/ä.dcm", "b", "c d"]


def test_a_path_is_given_before_the_list_has_ended() -> None:
    readable, writable = os.pipe()
    came = threading.Event()
    paths = []

    def read() -> None:
        with open(readable, "rb") as stream:
            for path in read_path_list(stream, "standard input"):
                paths.append(path)
                came.set()

    thread = threading.Thread(target=read)
    thread.start()
    os.write(writable, b"first\nsec")
    assert came.wait(10)
    assert paths == ["first"]
    os.write(writable, b"ond")
    os.close(writable)
    thread.join(10)
    assert paths == ["first", "second"]


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_a_line_without_end_is_cut_and_the_next_one_is_whole(separator: bytes) -> None:
    content = b"a" + separator + b"x" * 1_000_000 + separator + b"b" + separator
    first, long, last = paths_in(content)
    assert (first, last) == ("a", "b")
    assert long == "x" * LONGEST_PATH_BYTES
    assert paths_in(b"y" * 1_000_000) == ["y" * LONGEST_PATH_BYTES]


def test_no_path_holds_a_nul() -> None:
    assert paths_in(b"a\n" + b"b" * 100_000 + b"\nc\0d\n")[-1] == "c"


def test_a_list_that_cannot_be_read_on_says_so() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Unreadable, match="the list cannot be read: Input/output error"):
        list(read_path_list(Broken(), "the list"))  # type: ignore[arg-type]


def test_a_dicom_file_is_no_list() -> None:
    with pytest.raises(Unreadable, match="standard input is a DICOM file, not a list of paths"):
        list(read_path_list(io.BytesIO(bytes(128) + b"DICM\2\0\n\n"), "standard input"))
