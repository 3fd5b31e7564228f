"""The JSON form against what pydicom and the formulas of the Standard give."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
from support.datasets import image, item, part10
from support.pixel_files import pixel_file_named

from dcmview import render
from dcmview.bulk.inputs import entry_of
from dcmview.engine import short_ways
from dcmview.engine.engine import Engine
from dcmview.model import DisplayRequest
from dcmview.rendering.product import Renderer
from dcmview.rendering.settings import RenderSettings

# The fields that users of dicom-render parse.
FIELDS = """
samplesPerPixel photometricInterpretation rows columns bitsAllocated bitsStored highBit
pixelRepresentation smallestPixelValue largestPixelValue minPixelValue maxPixelValue color
invert columnPixelSpacing rowPixelSpacing intercept slope windowCenter windowWidth pixelData
windowedPixelData
"""


def document(source, **options):
    return json.loads(render(source, **options).json())


def linear(values, center, width):
    """DICOM PS3.3 C.11.2.1.2.1, halves rounded up."""
    levels = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    return np.floor(np.clip(levels, 0, 255) + 0.5).astype(int)


def test_the_fields_of_dicom_render_come_first_and_in_its_order():
    found = list(document(pixel_file_named("CT_small.dcm")))
    assert found[:22] == FIELDS.split()


def test_fields_of_a_ct_are_those_of_its_elements():
    path = pixel_file_named("CT_small.dcm")
    dataset, found = pydicom.dcmread(path), document(path, window=(40, 400))
    stored = dataset.pixel_array
    names = "Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel"
    for name in names.split():
        assert found[name[0].lower() + name[1:]] == dataset[name].value
    assert found["photometricInterpretation"] == "MONOCHROME2"
    assert found["pixelData"] == stored.reshape(-1).tolist()
    assert (found["minPixelValue"], found["maxPixelValue"]) == (stored.min(), stored.max())
    assert (found["slope"], found["intercept"]) == (1, -1024)
    assert [found["rowPixelSpacing"], found["columnPixelSpacing"]] == dataset.PixelSpacing
    assert (found["color"], found["invert"]) == (False, False)
    assert (found["windowCenter"], found["windowWidth"]) == (40, 400)
    expected = linear(stored.astype(float) - 1024, 40, 400)
    assert found["windowedPixelData"] == expected.reshape(-1).tolist()
    assert (found["pixelDataType"], found["voiLutFunction"]) == ("int16", "LINEAR")


def test_every_field_says_what_the_file_says():
    dataset = image(
        2,
        3,
        NumberOfFrames=2,
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=1,
        SmallestImagePixelValue=-7,
        LargestImagePixelValue=9,
        PixelSpacing=[0.5, 0.25],
        RescaleSlope="2",
        RescaleIntercept="-10.5",
        RescaleType="OD",
        WindowCenter="0.5",
        WindowWidth="4",
        VOILUTFunction="SIGMOID",
        PixelData=np.array([0] * 6 + [-6, 5, 6, 0, 1, -1], "<i2").tobytes(),
    )
    found = document(part10(dataset), frame=1)
    del found["pixelSpacingSource"]
    # 255 / (1 + exp(-4 (x - 0.5) / 4)), x of -22.5, -0.5, 1.5, -10.5, -8.5 and -12.5.
    windowed = [0, 69, 186, 0, 0, 0]
    assert found == {
        "samplesPerPixel": 1,
        "photometricInterpretation": "MONOCHROME2",
        "rows": 2,
        "columns": 3,
        "bitsAllocated": 16,
        "bitsStored": 12,
        "highBit": 11,
        "pixelRepresentation": 1,
        "smallestPixelValue": -7,
        "largestPixelValue": 9,
        "minPixelValue": -6,
        "maxPixelValue": 6,
        "color": False,
        "invert": False,
        "columnPixelSpacing": 0.25,
        "rowPixelSpacing": 0.5,
        "intercept": -10.5,
        "slope": 2,
        "windowCenter": 0.5,
        "windowWidth": 4,
        "pixelData": [-6, 5, 6, 0, 1, -1],
        "windowedPixelData": windowed,
        "frame": 1,
        "numberOfFrames": 2,
        "pixelDataType": "int16",
        "pixelDataSamplesPerPixel": 1,
        "windowedRows": 2,
        "windowedColumns": 3,
        "windowedSamplesPerPixel": 1,
        "voiLutFunction": "SIGMOID",
        "modalityLut": False,
        "rescaleType": "OD",
        "truncated": False,
    }


def test_whole_numbers_of_fields_have_no_fraction():
    content = render(pixel_file_named("CT_small.dcm"), window=(40, 400.5)).json()
    fields = b'"intercept":-1024,"slope":1,"windowCenter":40,"windowWidth":400.5,'
    assert fields in content


def test_the_element_of_the_spacing_is_named():
    assert document(part10(image(PixelSpacing=[1, 1])))["pixelSpacingSource"].startswith(
        "Pixel Spacing"
    )
    assert "Imager" in document(part10(image(ImagerPixelSpacing=[1, 1])))["pixelSpacingSource"]


def test_the_window_of_the_file_is_named_and_used():
    path = pixel_file_named("MR_small.dcm")
    dataset, found = pydicom.dcmread(path), document(path)
    center, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    assert (found["windowCenter"], found["windowWidth"]) == (center, width)
    expected = linear(dataset.pixel_array.astype(float), center, width)
    assert found["windowedPixelData"] == expected.reshape(-1).tolist()


def test_what_a_file_declares_of_its_range_is_told_beside_what_there_is():
    found = document(pixel_file_named("bad_sequence.dcm"))
    dataset = pydicom.dcmread(pixel_file_named("bad_sequence.dcm"), stop_before_pixels=True)
    declared = dataset.SmallestImagePixelValue, dataset.LargestImagePixelValue
    assert (found["smallestPixelValue"], found["largestPixelValue"]) == declared
    assert declared[0] == 13


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_declared_values_have_the_sign_of_the_samples_whatever_their_vr(syntax):
    dataset = image(PixelRepresentation=1)
    dataset.add_new(0x00280106, "US", 0xFC18)  # -1000
    dataset.add_new(0x00280107, "US", 2000)
    found = document(part10(dataset, syntax))
    assert (found["smallestPixelValue"], found["largestPixelValue"]) == (-1000, 2000)


def test_what_is_unknown_is_null():
    found = document(part10(image()))
    unknown = ["smallestPixelValue", "largestPixelValue", "rowPixelSpacing", "columnPixelSpacing"]
    unknown += ["pixelSpacingSource", "rescaleType"]
    assert [found[name] for name in unknown] == [None] * 6


def test_monochrome1_is_inverted_in_the_picture_alone():
    values = np.arange(6, dtype="<u2") * 51
    of_file = image(
        PhotometricInterpretation="MONOCHROME1", PixelData=values.tobytes(), BitsStored=8, HighBit=7
    )
    found = document(part10(of_file), full_dynamic=True)
    assert found["invert"] is True
    assert found["pixelData"] == [0, 51, 102, 153, 204, 255]
    assert found["windowedPixelData"] == [255, 204, 153, 102, 51, 0]
    again = document(part10(of_file), full_dynamic=True, invert=True)
    assert again["invert"] is False
    assert again["windowedPixelData"] == found["pixelData"]


def test_colour_has_three_bytes_a_pixel_in_both_arrays():
    path = pixel_file_named("SC_rgb.dcm")
    expected = pydicom.dcmread(path).pixel_array.reshape(-1).tolist()
    found = document(path, invert=True)
    assert (found["color"], found["invert"]) == (True, False)
    assert found["pixelData"] == found["windowedPixelData"] == expected
    assert (found["windowCenter"], found["windowWidth"], found["voiLutFunction"]) == (None,) * 3
    assert found["samplesPerPixel"] == found["pixelDataSamplesPerPixel"] == 3


def test_colour_by_palette_is_looked_up():
    path = pixel_file_named("examples_palette.dcm")
    dataset, found = pydicom.dcmread(path), document(path)
    tables = [
        np.frombuffer(dataset[f"{color}PaletteColorLookupTableData"].value, "<u2") >> 8
        for color in ("Red", "Green", "Blue")
    ]
    expected = np.stack([table[dataset.pixel_array] for table in tables], axis=-1)
    assert found["pixelData"] == found["windowedPixelData"] == expected.reshape(-1).tolist()
    assert (found["color"], found["samplesPerPixel"]) == (True, 1)
    assert found["pixelDataSamplesPerPixel"] == 3


def test_ybr_is_red_green_and_blue():
    # (Y, CB, CR) of pure white, black and red by DICOM PS3.3 C.7.6.3.1.2, in full range.
    samples = np.array([[[255, 128, 128], [0, 128, 128], [76, 85, 255]]], np.uint8)
    dataset = image(
        1,
        3,
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_FULL",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=samples.tobytes() + b"\0",
    )
    found = document(part10(dataset))
    assert found["pixelData"][:6] == [255, 255, 255, 0, 0, 0]
    assert np.allclose(found["pixelData"][6:], [254, 0, 0], atol=1)
    assert found["photometricInterpretation"] == "YBR_FULL"


def test_float_samples_are_written_exactly():
    values = np.array([[0.1, -2.5, 1e10], [np.nan, np.inf, 7]], "<f4")
    dataset = image(BitsAllocated=32)
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PixelData"):
        delattr(dataset, keyword)
    dataset.FloatPixelData = values.tobytes()
    found = document(part10(dataset))
    assert found["pixelData"] == [float(np.float32(0.1)), -2.5, 1e10, None, None, 7]
    assert (found["minPixelValue"], found["maxPixelValue"]) == (-2.5, 1e10)
    assert found["pixelDataType"] == "float32"


def test_a_frame_without_a_number_has_no_least_and_no_greatest():
    dataset = image(1, 2, BitsAllocated=32)
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PixelData"):
        delattr(dataset, keyword)
    dataset.FloatPixelData = np.array([np.nan, np.inf], "<f4").tobytes()
    found = document(part10(dataset))
    assert (found["minPixelValue"], found["maxPixelValue"]) == (None, None)


def test_a_modality_lut_leaves_slope_and_intercept_alone():
    table = item(
        LUTDescriptor=[4, 0, 16], LUTData=b"\0\0\x64\0\xc8\0\x2c\x01", ModalityLUTType="HU"
    )
    dataset = image(1, 4, PixelData=np.arange(4, dtype="<u2").tobytes(), ModalityLUTSequence=table)
    found = document(part10(dataset), window=(150, 301))
    assert (found["slope"], found["intercept"], found["modalityLut"]) == (1, 0, True)
    assert found["windowedPixelData"] == linear(np.array([0, 100, 200, 300.0]), 150, 301).tolist()


def test_a_voi_lut_has_no_window():
    table = item(LUTDescriptor=[3, 0, 8], LUTData=b"\x00\x00\x80\x00\xff\x00")
    dataset = image(1, 3, PixelData=np.arange(3, dtype="<u2").tobytes(), VOILUTSequence=table)
    found = document(part10(dataset))
    assert (found["windowCenter"], found["windowWidth"]) == (None, None)
    assert found["voiLutFunction"] == "LUT"
    assert found["windowedPixelData"] == [0, 128, 255]


def test_a_small_picture_says_its_size_and_the_samples_are_whole():
    found = document(pixel_file_named("CT_small.dcm"), size=32, colormap="hot-iron")
    assert len(found["pixelData"]) == 128 * 128
    shape = [found[f"windowed{name}"] for name in ("Rows", "Columns", "SamplesPerPixel")]
    assert shape == [32, 32, 3]
    assert len(found["windowedPixelData"]) == 32 * 32 * 3


def test_samples_are_whole_where_a_frame_is_too_large_to_be_kept(monkeypatch):
    monkeypatch.setattr(short_ways, "LARGE_PX", 1)  # of these, codecs make pictures smaller
    path = pixel_file_named("examples_jpeg2k.dcm")
    small = RenderSettings(request=DisplayRequest(size_px=32))
    keeps_nothing = Engine(1, isolated=False)
    found = json.loads(Renderer(keeps_nothing, entry_of(str(path)), small).frame(0))
    expected = pydicom.dcmread(path).pixel_array
    assert found["windowedColumns"] == 32
    assert len(found["pixelData"]) == expected.size
