"""Reading bytes: regular files alone, never more than are there, never the wrong version."""

from __future__ import annotations

import io
import os
import random
import tracemalloc
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from dcmview.dicom.members import Member, open_member, read_member
from dcmview.dicom.source import FileSource, MemorySource, inflate, open_source
from dcmview.errors import FileChanged, FileGone, Unreadable
from dcmview.model import FileStamp

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_a_deflate_bomb_is_held_once() -> None:
    source = MemorySource(deflated(bytes(200_000_000)))
    tracemalloc.start()
    inflated = inflate(source, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (inflated.size, inflated.is_whole) == (200_000_000, True)
    assert peak < 300_000_000


@pytest.mark.parametrize("length", [16 * 1024 * 1024 - 1, 16 * 1024 * 1024, 16 * 1024 * 1024 + 1])
def test_what_inflates_to_a_whole_block_ends_there(length: int) -> None:
    inflated = inflate(MemorySource(deflated(bytes(length))), 0)
    assert (inflated.size, inflated.is_whole) == (length, True)


def test_a_deflate_bomb_ends_at_the_limit() -> None:
    inflated = inflate(MemorySource(deflated(bytes(50_000_000))), 0, limit_bytes=1_000_000)
    assert not inflated.is_whole
    assert inflated.size == 1_000_000


def test_what_is_not_deflated_is_refused() -> None:
    with pytest.raises(Unreadable, match="cannot be inflated"):
        inflate(MemorySource(b"\xff\xff\xff\xff"), 0)


def test_a_part_of_a_file_has_offsets_of_its_own(path: Path) -> None:
    with open_source(str(path)) as source:
        part = source.part(3, 4)
        assert part.size == 4
        assert part.pread(0, 99) == b"3456"
        assert part.pread(2, 1) == b"5"
        assert part.pread(4, 1) == b""
        target = bytearray(6)
        assert part.read_into(1, memoryview(target)) == 3
        assert target == b"456\0\0\0"
        part.close()
        assert source.pread(9, 1) == b"9"
        assert source.part(8, 99).pread(0, 99) == b"89"


def test_a_part_is_read_without_preadv(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    monkeypatch.delattr(os, "pread")
    with open_source(str(path)) as source:
        target = bytearray(2)
        assert source.part(3, 4).read_into(1, memoryview(target)) == 2
        assert target == b"45"


NOISE = random.Random(5).randbytes(3_000_000)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("stored", NOISE, zipfile.ZIP_STORED)
        file.writestr("deflated", NOISE, zipfile.ZIP_DEFLATED)
    return path


def member_of(path: Path, name: str, **changes: object) -> Member:
    """A member as Python's own reader sees it."""
    with zipfile.ZipFile(path) as file:
        info = file.getinfo(name)
    values = {
        "archive": str(path),
        "name": name,
        "offset": info.header_offset,
        "size_bytes": info.file_size,
        "compressed_bytes": info.compress_size,
        "method": {0: "stored", 8: "deflate"}[info.compress_type],
        "crc": info.CRC,
    }
    return Member(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["stored", "deflated"])
def test_a_member_is_read_at_any_place(archive: Path, name: str) -> None:
    with open_member(member_of(archive, name)) as source:
        assert source.size == len(NOISE)
        for offset, length in ((2_000_000, 10), (5, 100), (0, 1), (2_999_999, 5), (4_000_000, 1)):
            assert source.pread(offset, length) == NOISE[offset : offset + length]
        assert isinstance(source, FileSource)
        target = bytearray(10)
        assert source.read_into(len(NOISE) - 4, memoryview(target)) == 4
        assert target == NOISE[-4:] + bytes(6)
    assert read_member(member_of(archive, name)).pread(0, len(NOISE)) == NOISE


@pytest.mark.parametrize("name", ["stored", "deflated"])
def test_the_head_of_a_member_costs_no_more_than_a_head(
    archive: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = member_of(archive, name)
    read = []
    pread = os.pread

    def note(descriptor: int, length: int, offset: int) -> bytes:
        content = pread(descriptor, length, offset)
        read.append(len(content))
        return content

    monkeypatch.setattr(os, "pread", note)
    with open_member(member) as source:
        assert source.pread(0, 16_000) == NOISE[:16_000]
    assert sum(read) <= 17_000


def test_members_of_an_open_archive_leave_it_open(archive: Path) -> None:
    with open_source(str(archive)) as opened:
        for name in ("stored", "deflated"):
            with open_member(member_of(archive, name), archive=opened) as source:
                assert source.pread(0, 4) == NOISE[:4]
        assert opened.pread(0, 2) == b"PK"


def test_opened_members_leave_no_descriptor_behind(archive: Path, path: Path) -> None:
    before = os.open(path, os.O_RDONLY)
    os.close(before)
    for name in ("stored", "deflated"):
        with open_member(member_of(archive, name)) as source:
            source.pread(0, 1)
        with pytest.raises(Unreadable, match="no file where it says"):
            open_member(member_of(archive, name, offset=7))
        with pytest.raises(Unreadable, match="checksum"):
            read_member(member_of(archive, name, crc=1))
    after = os.open(path, os.O_RDONLY)
    os.close(after)
    assert after == before


@pytest.mark.parametrize("name", ["stored", "deflated"])
@pytest.mark.parametrize("read", [open_member, read_member])
def test_members_of_an_archive_that_changed_or_went_are_refused(
    archive: Path, name: str, read: Callable[..., object]
) -> None:
    member = member_of(archive, name)
    with open_source(str(archive)) as opened:
        stamp = opened.stamp
    with open_member(member, expected=stamp) as source:
        assert source.stamp == stamp
    with archive.open("ab") as file:
        file.write(b"more")
    with pytest.raises(FileChanged):
        read(member, expected=stamp)
    archive.unlink()
    with pytest.raises(FileGone):
        read(member, expected=stamp)


def test_a_held_member_outlives_its_archive(tmp_path: Path) -> None:
    member = Member(str(tmp_path / "gone.tar.gz"), "a", 0, 3, 3, "held", content=b"abc")
    stamp = FileStamp(1, 2, 3, 4)
    with open_member(member, expected=stamp) as source:
        assert (source.size, source.pread(1, 9), source.stamp) == (3, b"bc", stamp)
    assert read_member(member, expected=stamp).pread(0, 9) == b"abc"


def test_the_head_of_a_compressed_member_has_a_limit(archive: Path) -> None:
    with open_member(member_of(archive, "deflated"), limit_bytes=1_000_000) as source:
        assert source.size == len(NOISE)
        assert source.pread(999_990, 20) == NOISE[999_990:1_000_000]
        with pytest.raises(Unreadable, match="reaches beyond the first"):
            source.pread(1_000_000, 1)
        assert source.pread(3_000_000, 1) == b""


def test_a_compressed_member_cut_off_has_the_size_that_is_there(archive: Path) -> None:
    member = member_of(archive, "deflated")
    os.truncate(archive, member.offset + 1_500_000)
    with open_member(member) as source:
        assert 1_400_000 < source.size < 1_500_000
        assert source.pread(0, source.size) == NOISE[: source.size]
    whole = read_member(member)
    assert not whole.is_whole
    assert NOISE.startswith(whole.pread(0, whole.size))


def test_a_local_header_may_be_longer_than_the_list_of_members_says(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, file.open("a", "w", force_zip64=True) as target:
        target.write(b"0123456789")  # 20 bytes of sizes here alone
    path = tmp_path / "some.zip"
    path.write_bytes(buffer.getvalue())
    with open_member(member_of(path, "a")) as source:
        assert source.pread(0, 99) == b"0123456789"
