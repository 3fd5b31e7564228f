"""Frames through the caches: what is read, what is decoded again, and what is refused at once."""

from __future__ import annotations

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate
from support.datasets import groups, image, item, part10
from support.pixel_files import pixel_file_named

from dcmview.dicom import source as source_module
from dcmview.dicom.instance import scan_instance
from dcmview.dicom.source import open_source
from dcmview.engine import files as files_module
from dcmview.engine.engine import Engine
from dcmview.errors import DecodeFailed, FileChanged, RequestError, UnsupportedPixelFormat
from dcmview.model import DisplayRequest, LookupTable, Window
from dcmview.registry.registry import Entry

PLAIN = DisplayRequest()


@pytest.fixture
def engine():
    engine = Engine(64 * 1024 * 1024)
    yield engine
    engine.close()


def listed(path, index=0):
    """An entry as the scan makes it."""
    with open_source(str(path)) as source:
        instance = scan_instance(source, str(path))
    return Entry(index, str(path), instance.stamp, instance.header)


def put(folder, dataset, name="a.dcm", syntax=uid.ExplicitVRLittleEndian):
    path = folder / name
    path.write_bytes(part10(dataset, syntax))
    return path


@pytest.fixture
def reads(monkeypatch):
    """Every read of a file: (offset, length)."""
    found = []
    original = source_module.FileSource.pread

    def pread(self, offset, length):
        content = original(self, offset, length)
        found.append((offset, len(content)))
        return content

    monkeypatch.setattr(source_module.FileSource, "pread", pread)
    return found


@pytest.mark.parametrize(
    "name", ["emri_small.dcm", "emri_small_RLE.dcm", "emri_small_jpeg_2k_lossless.dcm"]
)
@pytest.mark.parametrize("frame_index", [0, 5, 9])
def test_once_a_file_is_indexed_only_the_bytes_of_the_frame_are_read(
    engine, reads, name, frame_index
):
    path = pixel_file_named(name)
    entry = listed(path)
    engine.raw_frame(entry, 3)
    reads.clear()
    engine.raw_frame(entry, frame_index)
    (one_read,) = reads
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frame = pydicom.encaps.get_frame(dataset.PixelData, frame_index, number_of_frames=10)
        assert len(frame) <= one_read[1] <= len(frame) + 8  # an item header between fragments
    else:
        assert one_read[1] == dataset.Rows * dataset.Columns * 2


def test_the_first_picture_of_a_plain_file_needs_no_second_parse(engine, monkeypatch, tmp_path):
    entry = listed(put(tmp_path, image(PixelData=bytes(12), WindowCenter=40, WindowWidth=80)))

    def refuse(*_args, **_keywords):
        raise AssertionError("parsed again")

    monkeypatch.setattr(files_module, "open_instance", refuse)
    picture, _ = engine.picture(entry, 0, PLAIN)
    assert picture.content.startswith(b"\x89PNG")
    assert engine.recipe(entry, 0).voi == (Window(40, 80),)


@pytest.mark.parametrize(
    "elements",
    [
        {
            "ModalityLUTSequence": item(
                LUTDescriptor=[2, 0, 8], LUTData=b"\x01\x00\x02\x00", ModalityLUTType="US"
            )
        },
        {"VOILUTSequence": item(LUTDescriptor=[2, 0, 8], LUTData=b"\x01\x00\x02\x00")},
    ],
)
def test_files_with_tables_are_parsed_for_their_recipe(engine, elements, tmp_path):
    entry = listed(put(tmp_path, image(PixelData=bytes(12), **elements)))
    recipe = engine.recipe(entry, 0)
    assert isinstance(next(iter(recipe.voi), recipe.modality), LookupTable)


def test_frames_that_differ_have_recipes_of_their_own(engine, tmp_path):
    dataset = image(
        NumberOfFrames=2,
        PixelData=bytes(24),
        PerFrameFunctionalGroupsSequence=groups(
            {"FrameVOILUTSequence": item(WindowCenter=10, WindowWidth=20)},
            {"FrameVOILUTSequence": item(WindowCenter=30, WindowWidth=40)},
        ),
    )
    entry = listed(put(tmp_path, dataset))
    assert [engine.recipe(entry, n).voi for n in (0, 1)] == [(Window(10, 20),), (Window(30, 40),)]


def test_a_file_that_no_decoder_reads_has_a_recipe(engine, tmp_path):
    dataset = image(PixelData=pydicom.encaps.encapsulate([bytes(8)]), WindowCenter=9, WindowWidth=8)
    entry = listed(put(tmp_path, dataset, syntax=uid.MPEG2MPML))
    assert engine.recipe(entry, 0).voi == (Window(9, 8),)


def test_a_frame_known_to_be_bad_answers_without_another_decode(engine, monkeypatch, tmp_path):
    dataset = pydicom.dcmread(pixel_file_named("JPEG2000.dcm"))
    broken = b"\xff\x4f\xff\x51" + bytes(200)
    dataset.PixelData = pydicom.encaps.encapsulate([broken])
    entry = listed(put(tmp_path, dataset, syntax=uid.JPEG2000))
    with pytest.raises(DecodeFailed) as first:
        engine.raw_frame(entry, 0)

    def refuse(*_args, **_keywords):
        raise AssertionError("decoded again")

    monkeypatch.setattr(engine._decoder, "decode", refuse)
    with pytest.raises(DecodeFailed) as second:
        engine.raw_frame(entry, 0)
    assert second.value.message == first.value.message
    # The same object would gather a traceback with every request.
    assert second.value is not first.value
    with pytest.raises(DecodeFailed) as third:
        engine.raw_frame(entry, 0)
    assert len(third.traceback) == len(second.traceback)


def test_one_decode_serves_every_window(engine, monkeypatch):
    entry = listed(pixel_file_named("JPEG2000.dcm"))
    engine.picture(entry, 0, PLAIN)
    monkeypatch.setattr(engine._decoder, "decode", None)
    for center in (10.0, 20.0):
        assert engine.picture(entry, 0, DisplayRequest(window=(center, 50.0)))[1] is False


def test_one_huge_frame_does_not_evict_the_others(tmp_path):
    engine = Engine(1024 * 1024)
    small = listed(put(tmp_path, image(16, 16, PixelData=bytes(512)), "small.dcm"), 0)
    huge = listed(put(tmp_path, image(1024, 1024, PixelData=bytes(2 << 20)), "huge.dcm"), 1)
    engine.raw_frame(small, 0)
    engine.raw_frame(huge, 0)
    assert engine.cached_raw_frame(small, 0) is not None
    assert engine.cached_raw_frame(huge, 0) is None
    engine.close()


def test_a_frame_that_declares_more_than_any_memory_is_refused_before_it_is_read(
    engine, reads, tmp_path
):
    dataset = image(Rows=65535, Columns=65535, PixelData=bytes(400_000))
    entry = listed(put(tmp_path, dataset))
    reads.clear()
    with pytest.raises(UnsupportedPixelFormat, match="65535 x 65535 pixels"):
        engine.raw_frame(entry, 0)
    assert sum(length for _, length in reads) < 100_000


def test_a_voi_that_is_not_there_is_a_bad_request(engine, tmp_path):
    entry = listed(put(tmp_path, image(PixelData=bytes(12), WindowCenter=1, WindowWidth=2)))
    with pytest.raises(RequestError, match="voi=1 does not exist, this frame has 1"):
        engine.picture(entry, 0, DisplayRequest(voi=1))


def test_a_file_that_was_rewritten_is_not_read_as_it_was_listed(engine, tmp_path):
    path = put(tmp_path, image(PixelData=bytes(12)))
    entry = listed(path)
    put(tmp_path, image(4, 4, PixelData=bytes(32)))
    with pytest.raises(FileChanged):
        engine.raw_frame(entry, 0)


def test_many_threads_get_the_same_samples(engine):
    entry = listed(pixel_file_named("emri_small_jpeg_2k_lossless.dcm"))
    reference = pydicom.dcmread(pixel_file_named("emri_small.dcm")).pixel_array
    with ThreadPoolExecutor(8) as threads:
        frames = list(threads.map(lambda n: engine.raw_frame(entry, n % 10)[0], range(60)))
    for number, frame in enumerate(frames):
        assert bytes(frame.samples) == np.ascontiguousarray(reference[number % 10]).tobytes()


def test_what_is_mended_in_a_frame_is_said_with_the_frame_and_the_file(engine):
    """The codestream calls its samples unsigned, the data set signed."""
    entry = listed(pixel_file_named("J2K_pixelrep_mismatch.dcm"))
    assert "codestream-sign" not in {each.code for each in engine.repairs(entry)}
    raw, _ = engine.raw_frame(entry, 0)
    assert "codestream-sign" in {each.code for each in raw.recipe.repairs}
    assert engine.recipe(entry, 0) is raw.recipe
    assert "codestream-sign" in {each.code for each in engine.repairs(entry)}


def test_an_overlay_that_begins_on_a_later_frame_is_in_the_recipe_of_that_frame(engine, tmp_path):
    dataset = image(NumberOfFrames=2, PixelData=bytes(24))
    for element, vr, value in (
        (0x0010, "US", 2),
        (0x0011, "US", 3),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0051, "US", 2),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x3000, "OW", b"\x01\x00"),
    ):
        dataset.add_new((0x6000, element), vr, value)
    entry = listed(put(tmp_path, dataset))
    assert [len(engine.recipe(entry, frame).overlays) for frame in (0, 1)] == [0, 1]


def test_a_preview_of_palette_colours_never_averages_indices(engine, tmp_path):
    """Stripes of the first and the last colour: their indices have a third one as mean."""
    indices = np.zeros((256, 256), np.uint8)
    indices[:, ::2] = 2
    dataset = image(256, 256, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for name, entries in (
        ("Red", b"\xff\x00\x00"),
        ("Green", b"\x00\xff\x00"),
        ("Blue", b"\x00\x00\xff"),
    ):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [3, 0, 8])
        setattr(dataset, f"{name}PaletteColorLookupTableData", entries + b"\0")
    codestream = imagecodecs.jpeg2k_encode(indices, level=0, reversible=True, codecformat="j2k")
    dataset.PixelData = pydicom.encaps.encapsulate([codestream])
    entry = listed(put(tmp_path, dataset, syntax=uid.JPEG2000Lossless))
    preview, _ = engine.picture(entry, 0, DisplayRequest(preview=True, size_px=64))
    colors = np.asarray(Image.open(io.BytesIO(preview.content)))
    assert colors.shape == (64, 64, 3)
    assert colors[:, :, 1].max() == 0  # no green anywhere


def test_sixteen_bits_in_wider_cells_take_a_small_table(engine, tmp_path):
    stored = np.array([[-300, -1, 0], [1, 2, 300]], "<i4")
    dataset = image(BitsAllocated=32, BitsStored=12, HighBit=11, PixelRepresentation=1)
    dataset.PixelData = stored.tobytes()
    entry = listed(put(tmp_path, dataset))
    tracemalloc.start()
    picture, _ = engine.picture(entry, 0, DisplayRequest(full_dynamic=True))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 16 * 1024 * 1024
    # (x + 300) * 255 / 600 for each of them, halves rounded up.
    levels = np.asarray(Image.open(io.BytesIO(picture.content)))
    assert levels.tolist() == [[0, 127, 128], [128, 128, 255]]


def levels_of(picture):
    return np.asarray(Image.open(io.BytesIO(picture.content))).astype(float)


def test_a_preview_measures_its_window_without_padding(engine, tmp_path):
    """The wavelet blurs the edge of the padding into values that are neither image nor padding."""
    rows, columns = np.mgrid[0:256, 0:256]
    stored = (500 + columns).astype(np.int16)
    stored[(rows - 128) ** 2 + (columns - 128) ** 2 > 100**2] = -30000
    dataset = image(256, 256, PixelRepresentation=1, PixelPaddingValue=-30000)
    codestream = imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, codecformat="j2k")
    dataset.PixelData = pydicom.encaps.encapsulate([codestream])
    entry = listed(put(tmp_path, dataset, syntax=uid.JPEG2000Lossless))
    whole = levels_of(engine.picture(entry, 0, DisplayRequest(size_px=64))[0])
    fresh = Engine(64 * 1024 * 1024)
    preview = levels_of(fresh.picture(entry, 0, DisplayRequest(size_px=64, preview=True))[0])
    fresh.close()
    assert np.abs(preview - whole).mean() < 4


def test_a_preview_of_a_codestream_of_the_wrong_sign_looks_like_the_whole(engine):
    entry = listed(pixel_file_named("J2K_pixelrep_mismatch.dcm"))
    window = (0.0, 4000.0)
    preview, _ = engine.picture(entry, 0, DisplayRequest(size_px=64, preview=True, window=window))
    whole, _ = engine.picture(entry, 0, DisplayRequest(size_px=64, window=window))
    assert np.abs(levels_of(preview) - levels_of(whole)).mean() < 6


# --- coarse frames --------------------------------------------------------------------------


def decodes(monkeypatch, engine):
    """The halves of every decode from here on."""
    found = []
    original = engine._frames._decode

    def decode(entry, frame_index, is_wanted, halves):
        found.append(halves)
        return original(entry, frame_index, is_wanted, halves)

    monkeypatch.setattr(engine._frames, "_decode", decode)
    return found


def large_jpeg_2000(folder, **elements):
    """1,536 x 1,536 samples in a slow ramp, which the low wavelet band follows."""
    values = (np.add.outer(np.arange(1536), np.arange(1536)) // 2).astype("<u2")
    content = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0)
    dataset = image(1536, 1536, PixelData=encapsulate([content]), **elements)
    dataset["PixelData"].is_undefined_length = True
    return put(folder, dataset, syntax=uid.JPEG2000Lossless), values


def test_a_coarse_frame_and_the_whole_share_one_decode(engine, tmp_path, monkeypatch):
    path = put(tmp_path, image(64, 64, PixelData=bytes(64 * 64 * 2)))
    entry = listed(path)
    found = decodes(monkeypatch, engine)
    assert engine.coarse_frame(entry, 0, 32)[1] is False
    assert engine.coarse_frame(entry, 0, 32)[1] is True
    engine.raw_frame(entry, 0)
    assert found == [0]


def test_a_large_jpeg_2000_frame_is_decoded_no_further_than_asked_for(
    engine, tmp_path, monkeypatch
):
    path, values = large_jpeg_2000(tmp_path)
    found = decodes(monkeypatch, engine)
    coarse, _ = engine.coarse_frame(listed(path), 0, 128)  # 12 to 1: halved twice, then by three
    assert found == [2]
    assert (coarse.layout.rows, coarse.full_rows, coarse.reduction) == (128, 1536, 12)
    samples = np.frombuffer(coarse.samples, "<u2").reshape(128, 128).astype(int)
    means = values.reshape(128, 12, 128, 12).mean(axis=(1, 3))
    # The low band is centred on its even samples, so a ramp of 1/2 a pixel lies up to 3 lower.
    assert np.abs(samples - means).max() <= 3


def test_near_padding_a_large_frame_is_decoded_whole(engine, tmp_path, monkeypatch):
    path, values = large_jpeg_2000(tmp_path, PixelPaddingValue=0)
    found = decodes(monkeypatch, engine)
    coarse, _ = engine.coarse_frame(listed(path), 0, 128)
    assert found == [0]
    samples = np.frombuffer(coarse.samples, "<u2").reshape(128, 128)
    kept = np.where(values == 0, np.nan, values).reshape(128, 12, 128, 12)
    expected = np.floor(np.nanmean(kept, axis=(1, 3)) + 0.5)
    np.testing.assert_array_equal(samples, expected)


def test_a_thumbnail_of_a_large_frame_is_made_of_a_part_of_it(engine, tmp_path, monkeypatch):
    path, _ = large_jpeg_2000(tmp_path, WindowCenter=768, WindowWidth=1536)
    entry = listed(path)
    found = decodes(monkeypatch, engine)
    thumbnail = engine.picture(entry, 0, DisplayRequest(size_px=96))[0]
    assert found == [3]  # 192 are left, twice the size
    engine.raw_frame(entry, 0)
    whole = engine.picture(entry, 0, DisplayRequest(size_px=95))[0]
    small, exact = (
        np.asarray(Image.open(io.BytesIO(each.content)).resize((48, 48))).astype(int)
        for each in (thumbnail, whole)
    )
    assert np.abs(small - exact).max() <= 3


def test_a_thumbnail_with_a_measured_window_is_made_of_the_whole(engine, tmp_path, monkeypatch):
    path, _ = large_jpeg_2000(tmp_path)
    found = decodes(monkeypatch, engine)
    engine.picture(listed(path), 0, DisplayRequest(size_px=96))
    assert found == [0]


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_picture_from_a_short_way_is_not_shifted(engine, tmp_path, is_turned):
    """Waves of 128 columns, of which each pixel of the picture has 16."""
    phase = 2 * np.pi * np.arange(1024) / 128
    stored = np.empty((1024, 1024), np.uint16)
    stored[:] = np.round(1000 + 1000 * np.sin(phase))
    stored = np.ascontiguousarray(stored.T) if is_turned else stored
    dataset = image(1024, 1024, WindowCenter=1000, WindowWidth=2001)
    codestream = imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, codecformat="j2k")
    dataset.PixelData = encapsulate([codestream])
    entry = listed(put(tmp_path, dataset, syntax=uid.JPEG2000Lossless))
    levels = engine.shown_frame(entry, 0, DisplayRequest(size_px=64), is_last=True).display
    levels = levels.astype(float)
    assert engine.cached_raw_frame(entry, 0) is None  # the whole was not decoded
    levels = levels.T if is_turned else levels
    means = (127.5 + 127.5 * np.sin(phase)).reshape(64, 16).mean(1)
    # As samples of blocks they would be 3.5 columns away, which is 22 levels.
    assert np.abs(levels - means)[:, 2:-2].max() < 6


def test_colour_has_no_window_to_measure_and_may_take_the_short_way(engine, tmp_path):
    dataset = image(1024, 1024, SamplesPerPixel=3, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "YBR_FULL_422", 0
    colors = np.full((1024, 1024, 3), (200, 40, 90), np.uint8)
    content = imagecodecs.jpeg8_encode(colors, level=95, colorspace="RGB", outcolorspace="YCBCR")
    dataset.PixelData = encapsulate([content])
    entry = listed(put(tmp_path, dataset, syntax=uid.JPEGBaseline8Bit))
    levels = engine.shown_frame(entry, 0, DisplayRequest(size_px=200), is_last=True).display
    assert engine.cached_raw_frame(entry, 0) is None
    assert levels.shape == (200, 200, 3)
    assert np.abs(levels.astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.parametrize("layer", ["overlays", "shutter"])
def test_layers_of_the_whole_frame_are_on_a_small_picture_of_a_large_one(engine, tmp_path, layer):
    """Both leave the upper half as it is: an overlay is white below, a shutter black."""
    bits = np.zeros((1536, 1536), np.uint8)
    bits[768:] = 1
    elements = {
        "ShutterShape": "RECTANGULAR",
        "ShutterUpperHorizontalEdge": 0,
        "ShutterLowerHorizontalEdge": 769,
        "ShutterLeftVerticalEdge": 0,
        "ShutterRightVerticalEdge": 1537,
    }
    path, _ = large_jpeg_2000(
        tmp_path, WindowCenter=768, WindowWidth=1536, **elements if layer == "shutter" else {}
    )
    if layer == "overlays":
        dataset = pydicom.dcmread(path)
        for element, vr, value in (
            (0x0010, "US", 1536),
            (0x0011, "US", 1536),
            (0x0040, "CS", "G"),
            (0x0050, "SS", [1, 1]),
            (0x0100, "US", 1),
            (0x0102, "US", 0),
            (0x3000, "OW", np.packbits(bits, bitorder="little").tobytes()),
        ):
            dataset.add_new(0x60000000 + element, vr, value)
        dataset.save_as(path)
    plain, layered = (
        engine.shown_frame(listed(path, index), 0, request, is_last=True).display.astype(int)
        for index, request in enumerate(
            (DisplayRequest(size_px=96), DisplayRequest(size_px=96, **{layer: True}))
        )
    )
    assert plain.shape == layered.shape == (96, 96)
    assert np.abs(plain - layered)[:47].max() <= 3
    assert np.ptp(plain[49:]) > 50
    assert set(np.unique(layered[49:])) == {255 if layer == "overlays" else 0}
