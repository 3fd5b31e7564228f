from __future__ import annotations

from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pytest
from support.transcoded import EXPLICIT, encoder_of, frame_of, layout_of

from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import CannotTranscode, RequestError, UnsupportedPixelFormat
from dcmview.model import PixelLayout, SampleKind, StoredFrame
from dcmview.transcoding.frames import FrameEncoder
from dcmview.transcoding.proof import prove_frame
from dcmview.transcoding.targets import TARGETS, EncodeOptions, find_target

RGB = layout_of(8, 8, samples=3, interpretation="RGB")
GREY = layout_of(12, 16)
LOSSY = ("JPEGBaseline8Bit", "JPEGExtended12Bit", "JPEGLSNearLossless")


def segments(codestream: bytes) -> dict[int, bytes]:
    """The marker segments of a JPEG family codestream up to its data, by the marker's low byte."""
    found: dict[int, bytes] = {}
    position = 2
    while True:
        marker = codestream[position + 1]
        length = int.from_bytes(codestream[position + 2 : position + 4], "big")
        found[marker] = codestream[position + 4 : position + 2 + length]
        if marker in (0xDA, 0x90):
            return found
        position += 2 + length


def coded(name: str, layout: PixelLayout, **options: Any) -> dict[int, bytes]:
    return segments(bytes(encoder_of(layout, name, **options).encode(frame_of(layout)).content))


# SOF marker and precision, which is the first byte of SOF.
@pytest.mark.parametrize(
    ("name", "bits", "cell_bits", "marker", "precision"),
    [
        ("JPEGBaseline8Bit", 8, 8, 0xC0, 8),
        ("JPEGBaseline8Bit", 7, 16, 0xC0, 8),
        ("JPEGExtended12Bit", 8, 8, 0xC1, 8),
        ("JPEGExtended12Bit", 12, 16, 0xC1, 12),
        ("JPEGExtended12Bit", 9, 16, 0xC1, 12),
        ("JPEGLosslessSV1", 8, 8, 0xC3, 8),
        ("JPEGLosslessSV1", 12, 16, 0xC3, 12),
        ("JPEGLosslessSV1", 16, 16, 0xC3, 16),
        ("JPEGLossless", 10, 16, 0xC3, 10),
        ("JPEGLSLossless", 8, 8, 0xF7, 8),
        ("JPEGLSLossless", 12, 16, 0xF7, 12),
        ("JPEGLSLossless", 16, 16, 0xF7, 16),
        ("JPEGLSLossless", 8, 16, 0xF7, 16),  # whole cells, as DCMTK wants them
    ],
)
def test_the_frame_header_says_process_and_precision(
    name: str, bits: int, cell_bits: int, marker: int, precision: int
) -> None:
    found = coded(name, layout_of(bits, cell_bits))
    assert {0xC0, 0xC1, 0xC3, 0xF7} & found.keys() == {marker}
    assert found[marker][0] == precision


def test_lossless_jpeg_predicts_from_the_left_and_shifts_nothing() -> None:
    # Ss of the scan header is the predictor, Ah and Al the point transform
    assert coded("JPEGLosslessSV1", GREY)[0xDA][-3:] == bytes([1, 0, 0])


def test_near_is_in_the_scan_header_of_jpeg_ls() -> None:
    assert coded("JPEGLSNearLossless", GREY, near=5)[0xDA][-3] == 5
    assert coded("JPEGLSLossless", GREY)[0xDA][-3] == 0


@pytest.mark.parametrize("name", ["JPEG2000Lossless", "HTJ2KLossless", "HTJ2KLosslessRPCL"])
@pytest.mark.parametrize(("bits", "signed", "depth"), [(12, False, 0x0B), (12, True, 0x8B)])
def test_the_size_marker_says_depth_and_sign(
    name: str, bits: int, signed: bool, depth: int
) -> None:
    assert coded(name, layout_of(bits, 16, signed=signed))[0x51][36] == depth


@pytest.mark.parametrize(
    ("name", "options", "transformed", "reversible"),
    [
        ("JPEG2000Lossless", {}, 1, 1),
        ("JPEG2000", {"ratio": 4}, 1, 0),
        ("JPEG2000", {"quality": 50}, 1, 0),
        ("HTJ2KLossless", {}, 1, 1),
        ("HTJ2K", {"quality": 50}, 1, 0),
    ],
)
def test_colours_are_transformed_where_the_interpretation_says_so(
    name: str, options: dict[str, int], transformed: int, reversible: int
) -> None:
    for layout, expected in ((RGB, transformed), (replace(RGB, **YBR), 0)):
        style = coded(name, layout, **options)[0x52]
        assert (style[4], style[9]) == (expected, reversible)


YBR = {"photometric_interpretation": "YBR_FULL"}


@pytest.mark.parametrize(("rows", "columns", "levels"), [(40, 50, 5), (4200, 64, 5), (65, 4200, 5)])
def test_rpcl_is_what_the_codestream_says(rows: int, columns: int, levels: int) -> None:
    layout = layout_of(8, 8, rows=rows, columns=columns)
    found = coded("HTJ2KLosslessRPCL", layout)
    assert found[0x52][1] == 2
    assert found[0x52][5] == levels
    assert 0x55 in found  # tile-part lengths


@pytest.mark.parametrize("lacks", ["order", "lengths"])
def test_rpcl_is_refused_where_the_codestream_is_another(
    lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = imagecodecs.htj2k_encode

    def otherwise(*samples: object, tlm: bool, **options: object) -> bytes:
        content = encode(*samples, tlm=tlm and lacks != "lengths", **options)
        if lacks == "order":
            order = content.index(b"\xff\x52") + 5  # behind marker, length and style
            assert content[order] == 2
            content = content[:order] + b"\0" + content[order + 1 :]  # LRCP
        return content

    monkeypatch.setattr(imagecodecs, "htj2k_encode", otherwise)
    layout = layout_of(8, 8, rows=64, columns=64)
    with pytest.raises(CannotTranscode, match="needs order 2"):
        encoder_of(layout, "HTJ2KLosslessRPCL").encode(
            StoredFrame(np.zeros((64, 64), np.uint8), layout)
        )
    encoder_of(layout, "HTJ2KLossless").encode(StoredFrame(np.zeros((64, 64), np.uint8), layout))


def test_the_smallest_picture_of_rpcl_has_64_rows_or_columns() -> None:
    layout = layout_of(8, 8, rows=2100, columns=2060)
    stored = StoredFrame(np.zeros((2100, 2060), np.uint8), layout)
    frame = encoder_of(layout, "HTJ2KLosslessRPCL").encode(stored)
    # 2060 / 2^5 is 64.4, so there are 6 levels
    assert segments(bytes(frame.content))[0x52][5] == 6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ExplicitVRLittleEndian", ("RGB", 0)),
        ("RLELossless", ("RGB", 1)),
        ("JPEGBaseline8Bit", ("YBR_FULL_422", 0)),
        ("JPEGLosslessSV1", ("RGB", 0)),
        ("JPEGLSLossless", ("RGB", 0)),
        ("JPEG2000Lossless", ("YBR_RCT", 0)),
        ("JPEG2000", ("YBR_ICT", 0)),
        ("HTJ2KLosslessRPCL", ("YBR_RCT", 0)),
        ("HTJ2K", ("YBR_ICT", 0)),
        ("JPEGXLLossless", ("RGB", 0)),
        ("JPEGXL", ("XYB", 0)),
    ],
)
def test_rgb_becomes_what_the_codec_makes_of_it(name: str, expected: tuple[str, int]) -> None:
    options = {"quality": 50} if name in ("JPEG2000", "HTJ2K", "JPEGXL") else {}
    result = encoder_of(RGB, name, **options).result
    assert (result.photometric_interpretation, result.planar_configuration) == expected


def test_of_one_sample_planar_configuration_is_absent() -> None:
    assert all(
        encoder_of(GREY, target.keyword).result.planar_configuration is None
        for target in TARGETS.values()
        if target.lossless
    )


@pytest.mark.parametrize(
    ("source", "interpretation", "expected"),
    [
        ("1.2.840.10008.1.2.4.50", "YBR_FULL_422", "RGB"),
        ("1.2.840.10008.1.2.4.91", "YBR_ICT", "RGB"),
        ("1.2.840.10008.1.2.4.90", "YBR_RCT", "RGB"),
        ("1.2.840.10008.1.2.4.90", "YBR_FULL", "YBR_FULL"),
        ("1.2.840.10008.1.2.1", "YBR_FULL_422", "YBR_FULL"),
        ("1.2.840.10008.1.2.5", "YBR_FULL", "YBR_FULL"),
    ],
)
def test_the_colours_of_decoded_frames_are_known_beforehand(
    source: str, interpretation: str, expected: str
) -> None:
    encoder = FrameEncoder(
        replace(RGB, photometric_interpretation=interpretation),
        find_target("explicit"),
        EncodeOptions(),
        source_syntax=transfer_syntax(source),
        was_lossy=False,
    )
    assert encoder.result.photometric_interpretation == expected


def test_native_cells_have_the_byte_order_of_the_target() -> None:
    layout = layout_of(16, 16, rows=1, columns=2)
    stored = StoredFrame(np.array([[0x1122, 0x3344]], np.uint16), layout)
    encoder = encoder_of(layout, "ImplicitVRLittleEndian")
    little = encoder.encode(stored)
    big = encoder_of(layout, "ExplicitVRBigEndian").encode(stored)
    assert bytes(little.content).hex() == "22114433"
    assert bytes(big.content).hex() == "11223344"
    assert encoder.native_bytes == 4


def test_native_cells_keep_bits_allocated() -> None:
    layout = layout_of(8, 16, signed=True, rows=1, columns=2)
    stored = StoredFrame(np.array([[-1, 2]], np.int16), layout)
    assert bytes(encoder_of(layout, "raw").encode(stored).content).hex() == "ffff0200"


def test_single_bits_are_packed_again() -> None:
    layout = layout_of(1, 1, rows=1, columns=10)
    bits = np.array([[1, 1, 0, 0, 0, 0, 0, 1, 0, 1]], np.uint8)
    frame = encoder_of(layout, "raw").encode(StoredFrame(bits, replace(layout, bits_allocated=8)))
    assert bytes(frame.content).hex() == "8302"


@pytest.mark.parametrize("name", ["RLELossless", "DeflatedImageFrameCompression"])
def test_single_bits_survive_compression(name: str) -> None:
    layout = layout_of(1, 1, rows=7, columns=13)
    frame = encoder_of(layout, name).encode(frame_of(layout))
    assert frame.max_error == 0


def test_floats_stay_as_they_are_without_compression() -> None:
    layout = PixelLayout(
        1, 2, bits_allocated=32, bits_stored=32, high_bit=31, kind=SampleKind.FLOAT
    )
    stored = StoredFrame(np.array([[1.0, -2.5]], np.float32), layout)
    assert bytes(encoder_of(layout, "ebe").encode(stored).content).hex() == "3f800000c0200000"
    with pytest.raises(CannotTranscode, match="float samples cannot be compressed as RLELossless"):
        encoder_of(layout, "rle")


@pytest.mark.parametrize(
    ("name", "layout", "words"),
    [
        ("JPEGBaseline8Bit", layout_of(16, 16), r"Bits Stored \(0028,0101\) is 16, .* 1 to 8 bits"),
        ("JPEGExtended12Bit", layout_of(16, 16), "is 16, JPEGExtended12Bit holds 1 to 12 bits"),
        ("JPEGExtended12Bit", RGB, r"Samples per Pixel \(0028,0002\) is 3"),
        ("JPEGBaseline8Bit", layout_of(8, 8, signed=True), r"\(0028,0103\) is 1 \(signed\)"),
        ("JPEGXLLossless", layout_of(8, 8, signed=True), r"\(0028,0103\) is 1 \(signed\)"),
        ("JPEGLSLossless", layout_of(1, 8), "is 1, JPEGLSLossless holds 2 to 16 bits"),
        ("JPEGLSLossless", layout_of(1, 1), r"Bits Allocated \(0028,0100\) is 1"),
        ("HTJ2KLossless", layout_of(32, 32), "is 32, HTJ2KLossless holds 1 to 16 bits"),
        ("JPEG2000Lossless", layout_of(32, 32), "holds 1 to 24 bits"),
        (
            "JPEGLSNearLossless",
            layout_of(8, 8, interpretation="PALETTE COLOR"),
            r"Photometric Interpretation \(0028,0004\) is PALETTE COLOR",
        ),
        ("JPEGLosslessSV1", layout_of(8, 8, samples=4, interpretation="CMYK"), "is 4"),
        ("JPEG2000Lossless", layout_of(8, 8, samples=3, interpretation="HSV"), "is HSV"),
        ("JPEG2000Lossless", layout_of(8, 8, samples=3), "is MONOCHROME2 of 3 samples"),
        ("JPEGLSLossless", layout_of(8, 8, interpretation="RGB"), "is RGB of 1 samples"),
        (
            "JPEGLSLossless",
            layout_of(12, 16, samples=3, interpretation="YBR_FULL"),
            "YBR_FULL of 8 bits, here are 12",
        ),
    ],
)
def test_what_a_syntax_cannot_hold_is_refused_with_the_reason(
    name: str, layout: PixelLayout, words: str
) -> None:
    with pytest.raises(CannotTranscode, match=words):
        encoder_of(layout, name)


def test_single_bits_of_frames_that_do_not_fill_bytes_follow_each_other() -> None:
    # PS3.5 8.1.1: no padding between frames. Three frames of five pixels make 15 bits.
    layout = replace(layout_of(1, 1, rows=1, columns=5), frame_count=3)
    encoder = encoder_of(layout, "raw")
    frames = [[1, 0, 0, 0, 1], [1, 1, 1, 0, 0], [0, 0, 0, 0, 1]]
    contents = [
        bytes(
            encoder.encode(
                StoredFrame(np.array([frame], np.uint8), replace(layout, bits_allocated=8))
            ).content
        )
        for frame in frames
    ]
    # lowest bit first: 10001111 and 0000001
    assert [content.hex() for content in contents] == ["", "f1", "40"]
    assert encoder.native_bytes == 2


def test_a_layout_that_describes_no_frame_is_refused() -> None:
    with pytest.raises(UnsupportedPixelFormat, match=r"Rows \(0028,0010\) is 0"):
        encoder_of(layout_of(rows=0), "rle")


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize(
    ("source", "was_lossy"),
    [("1.2.840.10008.1.2.1", True), ("1.2.840.10008.1.2.4.50", False)],
)
def test_losing_twice_has_to_be_allowed(name: str, source: str, was_lossy: bool) -> None:
    def encoder(options: EncodeOptions) -> FrameEncoder:
        return FrameEncoder(
            layout_of(8, 8),
            find_target(name),
            options,
            source_syntax=transfer_syntax(source),
            was_lossy=was_lossy,
        )

    with pytest.raises(CannotTranscode, match="would lose again"):
        encoder(EncodeOptions())
    assert encoder(EncodeOptions(allow_recompress=True)).result.is_lossy_now


def test_what_has_lost_may_become_lossless() -> None:
    encoder = FrameEncoder(
        layout_of(8, 8),
        find_target("rle"),
        EncodeOptions(),
        source_syntax=transfer_syntax("1.2.840.10008.1.2.4.50"),
        was_lossy=True,
    )
    assert not encoder.result.is_lossy_now
    assert encoder.result.method == ""


def test_lossy_jpeg_has_the_bits_of_its_process() -> None:
    def bits(name: str, layout: PixelLayout) -> tuple[int, int, int]:
        result = encoder_of(layout, name).result
        return result.bits_allocated, result.bits_stored, result.high_bit

    assert bits("JPEGBaseline8Bit", layout_of(6, 16)) == (8, 8, 7)
    assert bits("JPEGExtended12Bit", layout_of(10, 16)) == (16, 12, 11)
    assert bits("JPEGLosslessSV1", layout_of(6, 16)) == (16, 6, 5)


def test_an_option_that_means_nothing_is_refused_before_anything_is_encoded() -> None:
    with pytest.raises(RequestError, match="near means nothing to JPEG2000Lossless"):
        encoder_of(GREY, "JPEG2000Lossless", near=2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bits_stored": 16}, r"Bits Stored \(0028,0101\) is 16 in this frame, not 12"),
        ({"photometric_interpretation": "RGB"}, r"\(0028,0004\) is RGB in this frame"),
        ({"rows": 3}, r"Rows \(0028,0010\) is 3 in this frame, not 37"),
    ],
)
def test_a_frame_that_is_other_than_announced_is_refused(
    change: dict[str, Any], words: str
) -> None:
    stored = frame_of(GREY)
    odd = replace(stored, layout=replace(stored.layout, **change))
    with pytest.raises(CannotTranscode, match=words):
        encoder_of(GREY, "rle").encode(odd)


def test_the_first_frame_tells_what_the_data_set_has_wrong() -> None:
    first = frame_of(layout_of(16, 16))
    encoder = FrameEncoder(
        GREY,
        find_target("j2k"),
        EncodeOptions(),
        source_syntax=EXPLICIT,
        was_lossy=False,
        first=first.layout,
    )
    assert encoder.result.bits_stored == 16
    assert encoder.encode(first).max_error == 0


def test_a_frame_that_is_cut_short_is_refused() -> None:
    with pytest.raises(CannotTranscode, match="ends early"):
        encoder_of(GREY, "rle").encode(replace(frame_of(GREY), truncated=True))


def test_near_lossless_samples_at_the_limits_of_a_sign_are_refused() -> None:
    layout = layout_of(12, 16, signed=True, rows=1, columns=3)
    encoder = encoder_of(layout, "JPEGLSNearLossless", near=3)
    for value in (2047, -2048, 2045, -2046):
        values = np.array([[0, value, 0]], np.int16)
        with pytest.raises(CannotTranscode, match="would change sign"):
            encoder.encode(StoredFrame(values, layout))
    layout = replace(layout, rows=40, columns=50)
    inside = np.zeros((40, 50), np.int16)
    inside[::2], inside[1::2] = 2044, -2045
    frame = encoder_of(layout, "JPEGLSNearLossless", near=3).encode(StoredFrame(inside, layout))
    assert frame.max_error is not None
    assert frame.max_error <= 3


def test_without_proof_losses_are_not_known() -> None:
    layout = layout_of(8, 8)
    lossy = encoder_of(layout, "jpeg", prove=False).encode(frame_of(layout))
    lossless = encoder_of(layout, "jpegls", prove=False).encode(frame_of(layout))
    assert (lossy.max_error, lossy.mean_error) == (None, None)
    assert (lossless.max_error, lossless.mean_error) == (None, None)


@pytest.mark.parametrize("name", [target.keyword for target in TARGETS.values() if target.lossless])
def test_the_proof_finds_a_single_other_sample(name: str) -> None:
    layout = layout_of(12, 16)
    stored = frame_of(layout)
    encoder = encoder_of(layout, name)
    content = bytes(encoder.encode(stored).content)
    assert prove_frame(content, stored, encoder.result, encoder.target) == (0, 0)
    other = stored.values.copy()
    other[17, 23] ^= 1
    with pytest.raises(CannotTranscode, match="values differ"):
        prove_frame(content, replace(stored, values=other), encoder.result, encoder.target)


def test_the_proof_finds_a_codestream_that_is_cut_or_described_wrong() -> None:
    stored = frame_of(GREY)
    encoder = encoder_of(GREY, "j2k")
    content = bytes(encoder.encode(stored).content)
    with pytest.raises(CannotTranscode, match="the proof failed"):
        prove_frame(content[: len(content) // 3], stored, encoder.result, encoder.target)
    signed = replace(encoder.result, pixel_representation=1)
    with pytest.raises(CannotTranscode, match=r"\(0028,0103\) Pixel Representation"):
        prove_frame(content, stored, signed, encoder.target)


def test_the_proof_measures_errors_and_holds_them_to_near() -> None:
    layout = layout_of(8, 8, rows=300, columns=4)
    stored = StoredFrame(np.full((300, 4), 100, np.uint8), layout)
    encoder = encoder_of(layout, "jpegls")
    content = bytes(encoder.encode(stored).content)
    other = stored.values.copy()
    other[0, 0], other[299, 3] = 97, 105
    near = find_target("JPEGLSNearLossless")
    off = replace(stored, values=other)
    worst, mean = prove_frame(content, off, encoder.result, near)
    assert (worst, mean) == (5, 8 / 1200)
    with pytest.raises(CannotTranscode, match="an error of 5, allowed are 4"):
        prove_frame(content, off, encoder.result, near, near=4)


def test_chroma_that_comes_as_ybr_is_compared_as_rgb() -> None:
    layout = replace(RGB, **YBR)
    grey = np.full((37, 53, 3), 128, np.uint8)
    grey[:, :, 0] = 60
    frame = encoder_of(layout, "jpeg").encode(StoredFrame(grey, layout))
    assert frame.max_error is not None
    assert frame.max_error <= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2), (70, 1)])
@pytest.mark.parametrize("name", [target.keyword for target in TARGETS.values() if target.lossless])
def test_the_smallest_frames_survive(name: str, shape: tuple[int, int]) -> None:
    for layout in (
        layout_of(12, 16, rows=shape[0], columns=shape[1]),
        replace(RGB, rows=shape[0], columns=shape[1]),
    ):
        assert encoder_of(layout, name).encode(frame_of(layout)).max_error == 0


@pytest.mark.parametrize("bits", [8, 15, 16])
def test_noise_that_jpeg_ls_makes_longer_is_coded_all_the_same(bits: int) -> None:
    cell_bits = 8 if bits == 8 else 16
    layout = layout_of(bits, cell_bits, rows=256, columns=256)
    noise = np.random.default_rng(3).integers(0, 1 << bits, (256, 256)).astype(f"u{cell_bits // 8}")
    frame = encoder_of(layout, "JPEGLSLossless").encode(StoredFrame(noise, layout))
    assert frame.max_error == 0


@pytest.mark.parametrize(("bits", "rows"), [(5, 8), (12, 1)])  # 12 bits: too small for pyjpegls
def test_signs_in_whole_cells_of_jpeg_ls_are_read_by_who_does_not_extend_them(
    bits: int, rows: int
) -> None:
    layout = layout_of(bits, 16, signed=True, rows=rows, columns=3)
    half = 1 << bits - 1
    values = np.resize(np.array([-1, -half, half - 1], np.int16), (rows, 3))
    content = encoder_of(layout, "JPEGLSLossless").encode(StoredFrame(values, layout)).content
    assert (imagecodecs.jpegls_decode(content).view(np.int16) == values).all()


@pytest.mark.parametrize("name", [target.keyword for target in TARGETS.values()])
def test_a_second_run_gives_the_same_bytes(name: str) -> None:
    layout = layout_of(8, 8)
    defaults = find_target(name).defaults
    options = {"quality": 50} if "quality" in defaults else {}
    frames = [encoder_of(layout, name, **options).encode(frame_of(layout)) for _ in range(2)]
    assert bytes(frames[0].content) == bytes(frames[1].content)


@pytest.mark.parametrize("name", [target.keyword for target in TARGETS.values() if target.lossless])
@pytest.mark.parametrize(
    ("bits", "cell_bits", "signed"),
    [(8, 8, False), (5, 8, True), (12, 16, True), (13, 16, False), (16, 16, True)],
)
def test_noise_survives(name: str, bits: int, cell_bits: int, signed: bool) -> None:
    layout = layout_of(bits, cell_bits, signed=signed, rows=33, columns=65)
    low = -(1 << bits - 1) if signed else 0
    noise = np.random.default_rng(bits).integers(low, low + (1 << bits), (33, 65))
    stored = StoredFrame(noise.astype(f"{'i' if signed else 'u'}{cell_bits // 8}"), layout)
    if signed and not find_target(name).takes_signed:
        with pytest.raises(CannotTranscode, match="unsigned samples alone"):
            encoder_of(layout, name)
    else:
        assert encoder_of(layout, name).encode(stored).max_error == 0


def test_near_is_at_most_half_the_range() -> None:
    # ISO/IEC 14495-1 C.2.3: NEAR is at most min(255, MAXVAL / 2)
    layout = layout_of(8, 8)
    frame = encoder_of(layout, "JPEGLSNearLossless", near=127).encode(frame_of(layout))
    assert frame.max_error == 127
    with pytest.raises(CannotTranscode, match="can lose at most 127, not 128"):
        encoder_of(layout, "JPEGLSNearLossless", near=128)
