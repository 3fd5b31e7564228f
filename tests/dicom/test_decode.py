from __future__ import annotations

import base64
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmview.dicom import coded_frames, decoders
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import (
    DcmviewError,
    DecodeFailed,
    UnsupportedPixelFormat,
    UnsupportedTransferSyntax,
)
from dcmview.model import PixelLayout, SampleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAY = (np.arange(24 * 32, dtype=np.uint16) * 5).reshape(24, 32)  # 0 to 3835, 12 bits
GRAY8 = (GRAY >> 4).astype(np.uint8)
RGB = np.stack([GRAY8, 255 - GRAY8, GRAY8 // 2], axis=-1)

JPEG = "1.2.840.10008.1.2.4.50"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
J2K = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_XL = "1.2.840.10008.1.2.4.110"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
UNCOMPRESSED_ITEMS = "1.2.840.10008.1.2.1.98"


def j2k(values: NDArray[Any], **options: Any) -> bytes:
    return imagecodecs.jpeg2k_encode(values, codecformat="j2k", **{"level": 0, **options})


def raw_deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


LOSSLESS = {
    JPEG_LOSSLESS: lambda values: imagecodecs.jpeg8_encode(
        values,
        lossless=True,
        bitspersample=values.dtype.itemsize * 8,
        colorspace=None if values.ndim == 2 else "RGB",
    ),
    JPEG_LS: imagecodecs.jpegls_encode,
    J2K: j2k,
    HTJ2K: imagecodecs.htj2k_encode,
    JPEG_XL: lambda values: imagecodecs.jpegxl_encode(values, lossless=True),
    DEFLATED_FRAME: lambda values: raw_deflate(values.tobytes()),
    UNCOMPRESSED_ITEMS: lambda values: values.tobytes(),
}


def layout_of(values: NDArray[Any], **changes: Any) -> PixelLayout:
    bits = values.dtype.itemsize * 8
    fields = {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "samples_per_pixel": 1 if values.ndim == 2 else values.shape[2],
        "bits_allocated": bits,
        "bits_stored": bits,
        "pixel_representation": int(values.dtype.kind == "i"),
        "photometric_interpretation": "MONOCHROME2" if values.ndim == 2 else "RGB",
        **changes,
    }
    return PixelLayout(**{"high_bit": fields["bits_stored"] - 1, **fields})


def decoded(frame: bytes, layout: PixelLayout, uid: str) -> Any:
    return decode_frame(frame, layout, transfer_syntax(uid))


@pytest.mark.parametrize("values", [GRAY, GRAY8, RGB], ids=["16 bits", "8 bits", "RGB"])
@pytest.mark.parametrize("uid", LOSSLESS)
def test_lossless_syntaxes_give_back_every_value(uid: str, values: NDArray[Any]) -> None:
    stored = decoded(LOSSLESS[uid](values), layout_of(values), uid)
    assert stored.values.dtype == values.dtype
    np.testing.assert_array_equal(stored.values, values)
    assert not stored.truncated
    assert stored.repairs == ()


@pytest.mark.parametrize("uid", [JPEG_LS, JPEG_LOSSLESS])
def test_codecs_without_a_sign_keep_negative_values(uid: str) -> None:
    values = GRAY.astype(np.int16) - 1024
    stored = decoded(LOSSLESS[uid](values.view(np.uint16)), layout_of(values), uid)
    np.testing.assert_array_equal(stored.values, values)


def test_signed_samples_of_fewer_bits_than_the_codestream_keep_their_sign() -> None:
    # 15 bits stored, coded as 16: the sign bit is bit 14
    values = GRAY.astype(np.int16) - 1024
    coded = imagecodecs.jpegls_encode(values.view(np.uint16) & 0x7FFF)
    stored = decoded(coded, layout_of(values, bits_stored=15), JPEG_LS)
    np.testing.assert_array_equal(stored.values, values)


@pytest.mark.parametrize("uid", [JPEG_LOSSLESS, JPEG_LS])
@pytest.mark.parametrize(
    ("cells", "high_bit"), [(GRAY | 0xA000, 11), (GRAY << 4 | 0xA, 15)], ids=["above", "below"]
)
def test_what_lies_beside_the_samples_of_whole_coded_cells_is_not_image(
    uid: str, cells: NDArray[np.uint16], high_bit: int
) -> None:
    layout = layout_of(GRAY, bits_stored=12, high_bit=high_bit)
    stored = decoded(LOSSLESS[uid](cells), layout, uid)
    np.testing.assert_array_equal(stored.values, GRAY)
    assert stored.layout.high_bit == 11
    assert stored.repairs == ()


def test_an_unsigned_codestream_of_signed_samples_is_repaired() -> None:
    values = GRAY.astype(np.int16) - 1024
    stored = decoded(j2k(values.view(np.uint16)), layout_of(values), J2K)
    np.testing.assert_array_equal(stored.values, values)
    assert [repair.code for repair in stored.repairs] == ["codestream-sign"]


def test_a_signed_codestream_of_unsigned_samples_is_repaired() -> None:
    values = GRAY + np.uint16(40000)
    stored = decoded(j2k(values.view(np.int16)), layout_of(values), J2K)
    np.testing.assert_array_equal(stored.values, values)
    assert [repair.code for repair in stored.repairs] == ["codestream-sign"]


def test_samples_beyond_bits_stored_are_kept_and_noted() -> None:
    stored = decoded(j2k(GRAY), layout_of(GRAY, bits_stored=10), J2K)
    np.testing.assert_array_equal(stored.values, GRAY)
    assert stored.layout.bits_stored == 16
    assert [repair.code for repair in stored.repairs] == ["bits-stored"]


def test_eight_bits_in_cells_of_sixteen_come_as_sixteen() -> None:
    layout = layout_of(GRAY, bits_stored=8)
    stored = decoded(imagecodecs.jpegls_encode(GRAY8), layout, JPEG_LS)
    assert stored.values.dtype == np.uint16
    np.testing.assert_array_equal(stored.values, GRAY8)


def jpeg_rgb(**options: Any) -> bytes:
    smooth = np.zeros((32, 32, 3), np.uint8)
    smooth[:, :16] = (200, 60, 20)
    smooth[:, 16:] = (20, 120, 240)
    return imagecodecs.jpeg8_encode(smooth, level=100, **options)


RED_AND_BLUE = [[200, 60, 20], [20, 120, 240]]


@pytest.mark.parametrize(
    ("interpretation", "coded", "keeps_jfif"),
    [
        ("YBR_FULL_422", "YCBCR", True),
        ("YBR_FULL_422", "YCBCR", False),
        ("RGB", "YCBCR", True),  # mislabelled: the JFIF marker knows better
        ("RGB", "RGB", False),
    ],
)
@pytest.mark.parametrize("decoder", ["_jpeg_imagecodecs", "_jpeg_pillow"])
def test_jpeg_colours_are_right_however_they_are_coded(
    interpretation: str, coded: str, keeps_jfif: bool, decoder: str
) -> None:
    frame = jpeg_rgb(colorspace="RGB", outcolorspace=coded)
    if not keeps_jfif:
        frame = without_application_markers(frame)
    layout = PixelLayout(
        32, 32, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        photometric_interpretation=interpretation,
    )  # fmt: skip
    header = coded_frames.read_header(frame, transfer_syntax(JPEG).codec)
    values, then = getattr(decoders, decoder)(frame, header, layout, 1)
    if then == "YBR_FULL":
        values = ycbcr_to_rgb(values)
    assert np.abs(values[16, [4, 28]].astype(int) - RED_AND_BLUE).max() <= 3


def without_application_markers(frame: bytes) -> bytes:
    """Drop APP0 and APP14, which follow SOI."""
    while frame[2:4] in (b"\xff\xe0", b"\xff\xee"):
        (length,) = struct.unpack(">H", frame[4:6])
        frame = frame[:2] + frame[4 + length :]
    return frame


def ycbcr_to_rgb(values: NDArray[np.uint8]) -> NDArray[np.float64]:
    y, cb, cr = (values[..., channel].astype(float) for channel in range(3))
    return np.stack(
        [
            y + 1.402 * (cr - 128),
            y - 0.344 * (cb - 128) - 0.714 * (cr - 128),
            y + 1.772 * (cb - 128),
        ],
        axis=-1,
    )


def with_component_ids(frame: bytes, ids: bytes) -> bytes:
    """Name the components 1, 2 and 3 otherwise, in SOF0 and SOS."""
    edited = bytearray(frame)
    sof, sos = frame.index(b"\xff\xc0"), frame.index(b"\xff\xda")
    edited[sof + 10 : sof + 19 : 3] = ids
    edited[sos + 5 : sos + 11 : 2] = ids
    return bytes(edited)


@pytest.mark.parametrize("ids", [b"RGB", b"rgb"])
@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL_422"])
@pytest.mark.parametrize("decoder", ["_jpeg_imagecodecs", "_jpeg_pillow"])
def test_components_called_rgb_are_rgb(ids: bytes, interpretation: str, decoder: str) -> None:
    coded = without_application_markers(jpeg_rgb(colorspace="RGB", outcolorspace="RGB"))
    frame = with_component_ids(coded, ids)
    layout = layout_of(np.zeros((32, 32, 3), np.uint8), photometric_interpretation=interpretation)
    header = coded_frames.read_header(frame, transfer_syntax(JPEG).codec)
    values, then = getattr(decoders, decoder)(frame, header, layout, 1)
    assert then == "RGB"
    assert np.abs(values[16, [4, 28]].astype(int) - RED_AND_BLUE).max() <= 3


def test_rle_leaves_its_colours_alone() -> None:
    planes = b"".join(b"\x01" + bytes(pair) for pair in ((10, 20), (30, 40), (50, 60)))
    frame = struct.pack("<16I", 3, 64, 67, 70, *[0] * 12) + planes
    layout = PixelLayout(
        1, 2, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        photometric_interpretation="YBR_FULL_422", planar_configuration=1,
    )  # fmt: skip
    stored = decoded(frame, layout, "1.2.840.10008.1.2.5")
    assert stored.values.tolist() == [[[10, 30, 50], [20, 40, 60]]]
    assert stored.layout.photometric_interpretation == "YBR_FULL"
    assert stored.layout.planar_configuration == 0


def test_lossless_jpeg_leaves_its_colours_alone() -> None:
    layout = layout_of(RGB, photometric_interpretation="YBR_FULL")
    stored = decoded(LOSSLESS[JPEG_LOSSLESS](RGB), layout, JPEG_LOSSLESS)
    np.testing.assert_array_equal(stored.values, RGB)
    assert stored.layout.photometric_interpretation == "YBR_FULL"


@pytest.mark.parametrize("interpretation", ["YBR_RCT", "YBR_ICT"])
def test_jpeg_2000_colours_are_undone_by_the_codec(interpretation: str) -> None:
    layout = layout_of(RGB, photometric_interpretation=interpretation)
    stored = decoded(j2k(RGB), layout, J2K)
    np.testing.assert_array_equal(stored.values, RGB)
    assert stored.layout.photometric_interpretation == "RGB"


def test_other_colours_in_jpeg_2000_stay_as_they_are() -> None:
    layout = layout_of(RGB, photometric_interpretation="YBR_FULL", planar_configuration=1)
    stored = decoded(j2k(RGB, mct=False), layout, J2K)
    np.testing.assert_array_equal(stored.values, RGB)
    assert stored.layout.photometric_interpretation == "YBR_FULL"
    assert stored.layout.planar_configuration == 0


def test_irreversible_htj2k_does_not_wrap_at_white() -> None:
    values = np.zeros((32, 32), np.uint8)
    values[8:24, 8:24] = 255
    frame = imagecodecs.htj2k_encode(values, reversible=False, level=0.0001)
    stored = decoded(frame, layout_of(values), "1.2.840.10008.1.2.4.203")
    assert np.abs(stored.values.astype(int) - values).max() <= 2


@pytest.mark.parametrize("uid", [JPEG, JPEG_LOSSLESS, J2K])
def test_a_codestream_cut_short_is_shown_and_marked(uid: str) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64), np.uint8)
    encode = imagecodecs.jpeg8_encode if uid == JPEG else LOSSLESS[uid]
    frame = encode(noise)
    stored = decoded(frame[: len(frame) * 3 // 4], layout_of(noise), uid)
    assert stored.truncated
    assert "truncated" in [repair.code for repair in stored.repairs]
    assert stored.values.shape == noise.shape


@pytest.mark.parametrize("high", [256, 4096])
def test_jpeg_ls_cut_short_shows_the_rows_up_to_the_cut_at_once(high: int) -> None:
    dtype = np.uint8 if high == 256 else np.uint16
    values = np.random.default_rng(3).integers(1, high, (64, 64), dtype)
    frame = imagecodecs.jpegls_encode(values)
    begin = time.process_time()
    stored = decoded(frame[: len(frame) // 2], layout_of(values), JPEG_LS)
    assert time.process_time() - begin < 1  # the decoder reads on for seconds without an end
    assert stored.truncated
    rows = (stored.values == values).all(axis=1)
    assert 20 < rows.sum() < 40  # about half of them, and those are the first ones
    assert rows[: rows.sum()].all()
    assert not stored.values[rows.sum() + 1 :].any()


def test_jpeg_ls_cut_in_its_header_is_no_picture() -> None:
    frame = imagecodecs.jpegls_encode(np.zeros((64, 64), np.uint8))
    with pytest.raises(DecodeFailed):
        decoded(frame[:20], layout_of(np.zeros((64, 64), np.uint8)), JPEG_LS)


# A bowl from 0 in the middle to 4,050 at the corner, with noise.
BOWL = (2 * np.add.outer((np.arange(64) - 32) ** 2, (np.arange(64) - 32) ** 2)).clip(0, 4050)
BOWL = (BOWL + np.random.default_rng(6).integers(0, 45, BOWL.shape)).astype(np.uint16)


@pytest.mark.parametrize(
    "values",
    [
        BOWL,
        (BOWL >> 4).astype(np.uint8),
        BOWL.astype(np.int16) - 2048,
        np.stack([BOWL >> 4, 255 - (BOWL >> 4), BOWL >> 5], axis=-1).astype(np.uint8),
    ],
    ids=["12 bits", "8 bits", "signed", "RGB"],
)
@pytest.mark.parametrize("reversible", [True, False])
def test_htj2k_cut_short_is_coarser_and_never_wraps(values: NDArray[Any], reversible: bool) -> None:
    frame = imagecodecs.htj2k_encode(values, reversible=reversible, level=0.00001)
    whole = decoded(frame, layout_of(values), "1.2.840.10008.1.2.4.203").values.astype(int)
    stored = decoded(frame[: len(frame) * 9 // 10], layout_of(values), "1.2.840.10008.1.2.4.203")
    assert stored.truncated
    assert stored.values.dtype == values.dtype
    # Wrapped values would lie a whole range of 256 or 65,536 away.
    assert np.abs(stored.values.astype(int) - whole).max() < np.ptp(values) / 2
    assert np.abs(stored.values.astype(int) - whole).mean() < np.ptp(values) / 100


def test_htj2k_cut_before_its_first_block_is_no_picture() -> None:
    frame = imagecodecs.htj2k_encode(BOWL)
    with pytest.raises(DecodeFailed):
        decoded(frame[:130], layout_of(BOWL), HTJ2K)


def test_more_bit_planes_than_openjph_can_hold_never_reach_it() -> None:
    """It reads beyond its memory and the process dies."""
    frame = bytearray(imagecodecs.htj2k_encode(BOWL, reversible=False, level=0.00001))
    frame[frame.index(b"\xff\x5c") + 7] = 0xFF  # an exponent of 31 in QCD
    with pytest.raises(DecodeFailed):
        decoded(bytes(frame[: len(frame) * 9 // 10]), layout_of(BOWL), "1.2.840.10008.1.2.4.203")


@pytest.mark.parametrize("uid", [J2K, HTJ2K])
@pytest.mark.parametrize("bits", [17, 24])
def test_samples_of_more_than_16_bits_are_read(uid: str, bits: int) -> None:
    values = np.random.default_rng(4).integers(0, 1 << bits, (20, 30), np.uint32)
    encode = imagecodecs.htj2k_encode if uid == HTJ2K else j2k
    options = {} if uid == HTJ2K else {"bitspersample": bits}
    stored = decoded(encode(values, **options), layout_of(values, bits_stored=bits), uid)
    np.testing.assert_array_equal(stored.values, values)


def test_a_mask_coded_in_whole_bytes_is_read() -> None:
    mask = (GRAY8 > 100).astype(np.uint8)
    for uid in (J2K, JPEG_LS, HTJ2K):
        layout = layout_of(mask, bits_allocated=1, bits_stored=1)
        stored = decoded(LOSSLESS[uid](mask), layout, uid)
        np.testing.assert_array_equal(stored.values, mask)
        assert stored.layout.bits_stored == 1


# A 24 x 16 ramp, row * 8 + column * 5, that cjpeg -arithmetic of libjpeg-turbo 2.1.5
# coded at quality 100; djpeg gives every value back.
ARITHMETIC = (
    b"|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI4"
    b"0RaI40RaI40RaI40RaI40RaI40sqMW3kU!Z02l!Q5di<p00saM5C#9*00;pA002J#{{Z)BFz2pGa<L)bd``8j"
    b"$fMN#dtf9*U0_RD_7R6kr=%Y@6u$8M<*P@A5cZQUVT9CDi+uS#d5D~V|Je"
)
ARITHMETIC_PROGRESSIVE = (
    b"|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI4"
    b"0RaI40RaI40RaI40RaI40RaI40sqPX3kU!Z02l!Q5di<p00aOK|Jncu0RaF200I91?$A1Te~)PdTmQ@e1P}%P"
    b"+5iXv0RRC70v0q<+i@+#8zVh$ukaa<|I7dc5C#9*00;pA00ut-9icB7mltky((+9}|I7dc5C#9*00;pA00BQC"
    b")*hsO_5T1+|Jncu0RaF201#0B%m4%s1^?Or2mt{A0Y4C?K9Il{rIr8>c?$D@|Je"
)


@pytest.mark.parametrize(
    ("coded", "number"), [(ARITHMETIC, 52), (ARITHMETIC, 54), (ARITHMETIC_PROGRESSIVE, 56)]
)
def test_arithmetic_coding_is_read(coded: bytes, number: int) -> None:
    ramp = np.add.outer(np.arange(16) * 8, np.arange(24) * 5).astype(np.uint8)
    frame = base64.b85decode(coded)
    stored = decoded(frame, layout_of(ramp), f"1.2.840.10008.1.2.4.{number}")
    np.testing.assert_array_equal(stored.values, ramp)


def test_jpeg_xl_of_fewer_bits_is_not_scaled_up() -> None:
    frame = imagecodecs.jpegxl_encode(GRAY, lossless=True, bitspersample=12)
    stored = decoded(frame, layout_of(GRAY, bits_stored=12), JPEG_XL)
    np.testing.assert_array_equal(stored.values, GRAY)


def test_a_second_decoder_reads_what_the_first_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Any:
        raise RuntimeError("refused")

    second = decoders.DECODERS[transfer_syntax(J2K).codec][1]
    monkeypatch.setitem(decoders.DECODERS, transfer_syntax(J2K).codec, (refuses, second))
    for values in (GRAY, RGB):
        np.testing.assert_array_equal(decoded(j2k(values), layout_of(values), J2K).values, values)


def test_decoders_that_crashed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def crashes(*_: Any) -> Any:
        raise AssertionError("called again")

    syntax = transfer_syntax(J2K)
    first, *others = decoders.DECODERS[syntax.codec]
    assert coded_frames.decoder_names(syntax)[0] == first.__name__
    monkeypatch.setitem(decoders.DECODERS, syntax.codec, (crashes, *others))
    stored = decode_frame(j2k(GRAY), layout_of(GRAY), syntax, first_decoder=1)
    np.testing.assert_array_equal(stored.values, GRAY)


def test_no_decoder_is_left_where_all_crashed() -> None:
    frame = imagecodecs.jpegls_encode(GRAY)
    for coded in (frame, frame[:-20]):
        with pytest.raises(DecodeFailed, match="no other decoder"):
            decode_frame(coded, layout_of(GRAY), transfer_syntax(JPEG_LS), first_decoder=1)


def test_the_words_of_the_decoder_are_passed_on_in_one_line() -> None:
    frame = j2k(GRAY)
    damaged = frame[:110] + bytes(len(frame) - 112) + b"\xff\xd9"
    with pytest.raises(DecodeFailed, match=r"^JPEG 2000 \(Lossless Only\): \S") as caught:
        decoded(damaged[:60] + b"\xff\x51" + damaged[62:], layout_of(GRAY), J2K)
    assert "\n" not in caught.value.message
    assert caught.value.__cause__ is not None


def test_codestream_and_data_set_of_different_size_are_refused() -> None:
    with pytest.raises(DecodeFailed, match="24 rows x 32 columns"):
        decoded(j2k(GRAY), layout_of(GRAY, rows=25), J2K)


def test_unsupported_syntaxes_are_refused_by_their_uid() -> None:
    with pytest.raises(UnsupportedTransferSyntax, match=r"^unsupported transfer syntax: 1\.2\.3 "):
        decoded(b"", layout_of(GRAY), "1.2.3")


def test_compressed_floats_are_refused() -> None:
    layout = layout_of(GRAY, kind=SampleKind.FLOAT, bits_allocated=32, bits_stored=32)
    with pytest.raises(UnsupportedPixelFormat, match="float"):
        decoded(j2k(GRAY), layout, J2K)


def test_a_deflated_frame_never_inflates_beyond_its_size() -> None:
    bomb = raw_deflate(bytes(50_000_000))
    stored = decoded(bomb, layout_of(GRAY), DEFLATED_FRAME)
    assert stored.values.shape == GRAY.shape
    with pytest.raises(DecodeFailed, match="inflated"):
        decoded(b"\xff" * 20, layout_of(GRAY), DEFLATED_FRAME)


@settings(max_examples=150, deadline=None)
@given(uid=st.sampled_from(sorted(LOSSLESS)), data=st.data())
def test_mutants_give_a_frame_of_the_right_shape_or_one_error(
    uid: str, data: st.DataObject
) -> None:
    frame = bytearray(LOSSLESS[uid](GRAY))
    for _ in range(data.draw(st.integers(1, 6))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del frame[data.draw(st.integers(1, len(frame))) :]
    try:
        stored = decoded(bytes(frame), layout_of(GRAY), uid)
    except DcmviewError:
        return
    assert stored.values.shape == GRAY.shape
    assert stored.values.dtype == np.uint16
    assert int(stored.values.max()) < 1 << stored.layout.bits_stored
