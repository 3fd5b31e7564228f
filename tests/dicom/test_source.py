"""Reading bytes: regular files alone, never more than are there, never the wrong version."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest

from dcmview.dicom.source import MemorySource, inflate, open_source
from dcmview.errors import FileChanged, FileGone, Unreadable

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.dcm"
    path.write_bytes(b"0123456789")
    return path


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(0, 4, b"0123"), (8, 4, b"89"), (10, 4, b""), (99, 4, b""), (2, 1 << 40, b"23456789")],
)
def test_a_read_gives_what_is_there(path: Path, offset: int, length: int, expected: bytes) -> None:
    with open_source(str(path)) as source:
        assert source.size == 10
        assert source.pread(offset, length) == expected
    assert MemorySource(b"0123456789").pread(offset, length) == expected


def test_a_file_without_pread_is_read_just_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    with open_source(str(path)) as source:
        assert source.pread(8, 4) == b"89"
        assert source.pread(0, 2) == b"01"


def test_a_file_cut_short_while_open_reads_short(path: Path) -> None:
    with open_source(str(path)) as source:
        os.truncate(path, 3)
        assert source.pread(0, 10) == b"012"


def test_an_unchanged_file_opens_again(path: Path) -> None:
    with open_source(str(path)) as source:
        stamp = source.stamp
    with open_source(str(path), expected=stamp) as source:
        assert source.stamp == stamp


def test_a_replaced_file_is_refused(path: Path) -> None:
    with open_source(str(path)) as source:
        stamp = source.stamp
    path.write_bytes(b"other bytes")
    with pytest.raises(FileChanged, match="changed since it was listed"):
        open_source(str(path), expected=stamp)


def test_a_listed_file_that_was_removed_is_gone(path: Path) -> None:
    with open_source(str(path)) as source:
        stamp = source.stamp
    path.unlink()
    with pytest.raises(FileGone):
        open_source(str(path), expected=stamp)
    with pytest.raises(Unreadable, match="No such file"):
        open_source(str(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="not a regular file"):
        open_source(str(tmp_path / "pipe"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        open_source(str(tmp_path))


def test_no_descriptor_is_left_behind(path: Path) -> None:
    before = os.open(path, os.O_RDONLY)
    os.close(before)
    for _ in range(3):
        with open_source(str(path)) as source:
            source.pread(0, 1)
        with pytest.raises(Unreadable):
            open_source(str(path.parent))
    after = os.open(path, os.O_RDONLY)
    os.close(after)
    assert after == before


def deflated(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(content) + engine.flush()


def test_deflated_data_is_inflated_from_its_offset() -> None:
    content = bytes(range(256)) * 20_000
    inflated = inflate(MemorySource(b"head" + deflated(content)), 4)
    assert inflated.is_whole
    assert inflated.pread(0, inflated.size) == content


def test_deflated_data_cut_short_gives_its_beginning() -> None:
    content = os.urandom(100_000)
    inflated = inflate(MemorySource(deflated(content)[:50_000]), 0)
    assert not inflated.is_whole
    assert 40_000 < inflated.size < 60_000
    assert content.startswith(inflated.pread(0, inflated.size))


def test_a_deflate_bomb_ends_at_the_limit() -> None:
    inflated = inflate(MemorySource(deflated(bytes(50_000_000))), 0, limit_bytes=1_000_000)
    assert not inflated.is_whole
    assert inflated.size == 1_000_000


def test_what_is_not_deflated_is_refused() -> None:
    with pytest.raises(Unreadable, match="cannot be inflated"):
        inflate(MemorySource(b"\xff\xff\xff\xff"), 0)
