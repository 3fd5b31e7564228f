from __future__ import annotations

import struct
from typing import Any

import pytest
from support.pixel_files import BytesSource

from dcmview.dicom import fragments
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.source import PixelLocation
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import (
    DecodeFailed,
    FrameOutOfRange,
    Truncated,
    UnsupportedPixelFormat,
    UnsupportedTransferSyntax,
)
from dcmview.model import PixelLayout

EXPLICIT = transfer_syntax("1.2.840.10008.1.2.1")
JPEG = transfer_syntax("1.2.840.10008.1.2.4.50")
RLE = transfer_syntax("1.2.840.10008.1.2.5")
DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
START, END = b"\xff\xd8\xff", b"\xff\xd9"


def item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


def basic_offset_table(*offsets: int) -> bytes:
    return item(struct.pack(f"<{len(offsets)}I", *offsets))


def layout(frame_count: int = 1, columns: int = 2, bits: int = 8, **changes: Any) -> PixelLayout:
    return PixelLayout(
        1, columns, frame_count, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1, **changes
    )


def native(value: bytes, of: PixelLayout, **changes: Any) -> tuple[FrameTable, BytesSource]:
    source = BytesSource(b"header--" + value)
    fields = {"length": len(value), "little_endian": True, "vr": "OW", **changes}
    location = PixelLocation(offset=8, encapsulated=False, **fields)
    return frame_table(source, location, of, EXPLICIT), source


def encapsulated(
    value: bytes, frame_count: int, syntax: Any = JPEG, **changes: Any
) -> tuple[FrameTable, BytesSource]:
    source = BytesSource(b"header--" + value)
    location = PixelLocation(8, None, encapsulated=True, little_endian=True, vr="OB", **changes)
    return frame_table(source, location, layout(frame_count), syntax), source


def all_frames(table: FrameTable, source: BytesSource) -> list[bytes]:
    return [table.frame_bytes(source, index) for index in range(table.frame_count)]


def codes(table: FrameTable) -> list[str]:
    return [repair.code for repair in table.repairs]


class TestNative:
    def test_frames_follow_each_other(self) -> None:
        table, source = native(b"aabbcc", layout(3))
        assert all_frames(table, source) == [b"aa", b"bb", b"cc"]
        assert codes(table) == []

    def test_a_frame_is_one_read_of_its_own_bytes(self) -> None:
        table, source = native(bytes(2000), layout(1000))
        assert source.reads == []
        table.frame_bytes(source, 700)
        assert source.reads == [(8 + 1400, 2)]

    def test_frames_of_one_bit_samples_are_not_byte_aligned(self) -> None:
        table, source = native(b"\x07\x01", layout(3, columns=3, bits=1))
        assert [table.bit_offset(index) for index in range(3)] == [0, 3, 6]
        assert all_frames(table, source) == [b"\x07", b"\x07", b"\x07\x01"]

    def test_swapped_words_of_big_endian_bytes_are_put_right(self) -> None:
        # three frames of 3 bytes in 16-bit words, the last with a pad byte
        table, source = native(b"badcfehg\0i", layout(3, columns=3), little_endian=False)
        assert all_frames(table, source) == [b"abc", b"def", b"ghi"]

    @pytest.mark.parametrize("bits", [1, 12])
    def test_cells_that_do_not_fill_bytes_lie_in_swapped_words_too(self, bits: int) -> None:
        columns = 32 // bits
        table, source = native(b"badc", layout(bits=bits, columns=columns), little_endian=False)
        assert all_frames(table, source)[0] == b"abcd"[: -(-columns * bits // 8)]

    def test_big_endian_bytes_in_ob_are_not_swapped(self) -> None:
        table, source = native(b"abcd", layout(2), little_endian=False, vr="OB")
        assert all_frames(table, source) == [b"ab", b"cd"]

    def test_more_frames_declared_than_the_value_holds_are_not_there(self) -> None:
        table, source = native(b"aabb", layout(9))
        assert table.frame_count == 2
        assert codes(table) == ["frame-count"]
        with pytest.raises(FrameOutOfRange):
            table.frame_bytes(source, 2)

    def test_frames_beyond_the_end_of_a_cut_file_are_truncated(self) -> None:
        table, source = native(b"aab", layout(3), length=6)
        assert table.frame_count == 3
        assert table.frame_bytes(source, 1) == b"b"
        with pytest.raises(Truncated, match="frame 2 of 3"):
            table.frame_bytes(source, 2)

    def test_bytes_after_the_last_frame_are_noted(self) -> None:
        table, source = native(b"aabbcc", layout(2))
        assert all_frames(table, source) == [b"aa", b"bb"]
        assert codes(table) == ["excess-pixel-data"]

    @pytest.mark.parametrize(
        ("bits", "frame_count", "content"),
        [(8, 5, b"abcde\0"), (1, 3, b"\5\0"), (1, 17, b"\5\0\0\0")],
    )
    def test_what_makes_a_length_even_is_no_frame(
        self, bits: int, frame_count: int, content: bytes
    ) -> None:
        table, _ = native(content, layout(frame_count, bits=bits, columns=1))
        assert (table.frame_count, codes(table)) == (frame_count, [])

    def test_422_that_was_never_subsampled_is_noted(self) -> None:
        mislabelled = layout(samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
        table, source = native(b"aabbcc", mislabelled)
        assert all_frames(table, source) == [b"aabbcc"]
        assert codes(table) == ["not-subsampled"]

    @pytest.mark.parametrize("frame_index", [-1, 3])
    def test_frames_that_do_not_exist_are_out_of_range(self, frame_index: int) -> None:
        table, source = native(b"aabbcc", layout(3))
        with pytest.raises(FrameOutOfRange, match="the file has 3"):
            table.frame_bytes(source, frame_index)

    def test_a_layout_without_rows_is_refused(self) -> None:
        with pytest.raises(UnsupportedPixelFormat):
            native(b"", PixelLayout(0, 2))


class TestEncapsulated:
    def test_the_basic_offset_table_tells_the_fragments_of_a_frame(self) -> None:
        value = basic_offset_table(0, 20) + item(b"ab") + item(b"cd") + item(b"ef") + DELIMITER
        table, source = encapsulated(value, 2)
        assert all_frames(table, source) == [b"abcd", b"ef"]
        assert codes(table) == []

    def test_the_extended_offset_table_gives_lengths_without_padding(self) -> None:
        value = item(b"") + item(b"abc\0") + item(b"ef") + DELIMITER
        table, source = encapsulated(
            value,
            2,
            extended_offsets=struct.pack("<2Q", 0, 12),
            extended_lengths=struct.pack("<2Q", 3, 2),
        )
        assert all_frames(table, source) == [b"abc", b"ef"]

    def test_one_frame_takes_all_fragments(self) -> None:
        value = item(b"") + item(START + b"a") + item(b"bc") + item(b"d" + END) + DELIMITER
        table, source = encapsulated(value, 1)
        assert all_frames(table, source) == [START + b"abcd" + END]

    def test_as_many_fragments_as_frames_are_one_each(self) -> None:
        table, source = encapsulated(item(b"") + item(b"ab") + item(b"cd") + DELIMITER, 2)
        assert all_frames(table, source) == [b"ab", b"cd"]

    def test_frames_begin_at_start_markers_where_the_table_is_empty(self) -> None:
        fragments = [START + b"a", b"bb" + END, START + b"c" + END, START + b"d", b"ee", b"f" + END]
        table, source = encapsulated(item(b"") + b"".join(map(item, fragments)) + DELIMITER, 3)
        assert all_frames(table, source) == [
            b"".join(fragments[:2]),
            fragments[2],
            b"".join(fragments[3:]),
        ]

    def test_a_start_marker_in_the_middle_of_a_frame_begins_none(self) -> None:
        fragments = [START + b"a", START + b"thumbnail", b"b" + END, START + b"c" + END]
        table, source = encapsulated(item(b"") + b"".join(map(item, fragments)) + DELIMITER, 2)
        assert all_frames(table, source) == [b"".join(fragments[:3]), fragments[3]]

    def test_a_lone_zero_is_no_table_of_many_frames(self) -> None:
        frames_ = [START + b"a" + END, START + b"b" + END]
        value = basic_offset_table(0) + b"".join(map(item, frames_)) + DELIMITER
        table, source = encapsulated(value, 2)
        assert all_frames(table, source) == frames_
        assert codes(table) == ["offset-table-wrong"]

    def test_a_table_that_points_elsewhere_is_not_used(self) -> None:
        value = basic_offset_table(0, 7) + item(b"ab") + item(b"cd") + DELIMITER
        table, source = encapsulated(value, 2)
        assert all_frames(table, source) == [b"ab", b"cd"]
        assert codes(table) == ["offset-table-wrong"]

    def test_a_sound_table_corrects_the_number_of_frames(self) -> None:
        value = basic_offset_table(0, 10) + item(b"ab") + item(b"cd") + DELIMITER
        table, source = encapsulated(value, 1)
        assert all_frames(table, source) == [b"ab", b"cd"]
        assert codes(table) == ["frame-count"]

    def test_whole_codestreams_correct_the_number_of_frames(self) -> None:
        frames_ = [START + b"a" + END, START + b"b" + END, START + b"c" + END]
        table, source = encapsulated(item(b"") + b"".join(map(item, frames_)) + DELIMITER, 1)
        assert all_frames(table, source) == frames_
        assert codes(table) == ["frame-count"]

    def test_fewer_fragments_than_declared_frames_correct_the_number(self) -> None:
        table, _ = encapsulated(item(b"") + item(b"ab") + DELIMITER, 5)
        assert table.frame_count == 1
        assert codes(table) == ["frame-count"]

    def test_fragments_of_rle_are_frames(self) -> None:
        rle = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x01ab\0"
        table, source = encapsulated(item(b"") + item(rle) * 3 + DELIMITER, 1, RLE)
        assert all_frames(table, source) == [rle] * 3

    def test_a_missing_delimiter_is_noted(self) -> None:
        table, source = encapsulated(item(b"") + item(b"ab"), 1)
        assert all_frames(table, source) == [b"ab"]
        assert codes(table) == ["sequence-delimiter-missing"]

    def test_frames_beyond_the_end_of_a_cut_file_are_truncated(self) -> None:
        value = basic_offset_table(0, 12, 24) + item(b"abcd") + item(b"efgh")[:-2]
        table, source = encapsulated(value, 3)
        assert table.frame_count == 3
        assert table.frame_bytes(source, 1) == b"ef"
        with pytest.raises(Truncated):
            table.frame_bytes(source, 2)

    def test_delimiter_bytes_within_a_fragment_end_nothing(self) -> None:
        table, source = encapsulated(item(b"") + item(b"a" + DELIMITER + b"b") + DELIMITER, 1)
        assert all_frames(table, source) == [b"a" + DELIMITER + b"b"]

    def test_a_missing_offset_table_is_not_a_lost_frame(self) -> None:
        table, source = encapsulated(item(START + b"a" + END) + DELIMITER, 1)
        assert all_frames(table, source) == [START + b"a" + END]
        assert codes(table) == ["offset-table-missing"]

    def test_a_pad_byte_left_out_of_an_odd_length_is_skipped(self) -> None:
        value = item(b"") + item(b"abc") + b"\0" + item(b"de") + DELIMITER
        table, source = encapsulated(value, 2)
        assert all_frames(table, source) == [b"abc", b"de"]

    def test_a_frame_of_many_fragments_is_one_read(self) -> None:
        value = basic_offset_table(0) + item(b"ab") + item(b"cd") + item(b"ef") + DELIMITER
        table, source = encapsulated(value, 1)
        source.reads.clear()
        assert table.frame_bytes(source, 0) == b"abcdef"
        assert len(source.reads) == 1

    def test_nothing_is_read_beyond_the_end_whatever_an_item_claims(self) -> None:
        huge = b"\xfe\xff\x00\xe0" + struct.pack("<I", 0xFFFFFFF0) + b"ab"
        table, source = encapsulated(item(b"") + huge, 1)
        assert table.frame_bytes(source, 0) == b"ab"
        assert max(length for _, length in source.reads) <= source.size

    def test_data_without_items_is_refused(self) -> None:
        with pytest.raises(DecodeFailed, match="no items"):
            encapsulated(b"nonsense", 1)

    def test_a_video_stream_has_no_frames(self) -> None:
        video = transfer_syntax("1.2.840.10008.1.2.4.102")
        with pytest.raises(
            UnsupportedTransferSyntax, match=r"^unsupported transfer syntax: 1\.2\."
        ):
            encapsulated(item(b"") + item(b"stream") + DELIMITER, 60, video)

    def test_too_many_fragments_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fragments, "MAX_FRAGMENTS", 10)
        with pytest.raises(DecodeFailed, match="more than 10 fragments"):
            encapsulated(item(b"") * 20 + DELIMITER, 1)
