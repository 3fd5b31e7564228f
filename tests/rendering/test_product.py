"""A renderer makes the same of a frame in every form."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.datasets import groups, image, item, part10

from dcmview import render
from dcmview.bulk.inputs import entry_of
from dcmview.bulk.task import fresh_entry
from dcmview.engine.engine import Engine
from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import DisplayRequest
from dcmview.rendering.product import Renderer
from dcmview.rendering.settings import OutputForm, RenderSettings, Values

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BOX = 'anon_dicom_path,ROI_coords\na.dcm,"[[1, 1, 5, 5]]"\n'


@pytest.fixture(scope="module")
def engine():
    engine = Engine(4 * 1024 * 1024, isolated=False)
    yield engine
    engine.close()


@pytest.fixture
def renderer(engine, tmp_path):
    """Make a renderer of a data set, with a box drawn into it where that is asked for."""

    def make(dataset, form, values=Values.STORED, *, content=None, with_box=False, **request):
        path, table = tmp_path / "a.dcm", tmp_path / "rois.csv"
        path.write_bytes(content or part10(dataset))
        table.write_text(BOX)
        settings = RenderSettings(
            OutputForm(form),
            DisplayRequest(**request),
            Values(values),
            annotations=str(table) if with_box else None,
        )
        return Renderer(engine, fresh_entry(entry_of(str(path))), settings)

    return make


def noise(rows=40, columns=40, **elements):
    values = np.random.default_rng(1).integers(0, 4096, (rows, columns), "<u2")
    return image(rows, columns, PixelData=values.tobytes(), **elements)


def color(**elements):
    layout = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0}
    layout |= {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}
    return image(8, 8, PixelData=bytes(range(192)), **layout, **elements)


@pytest.mark.parametrize("with_box", [False, True])
@pytest.mark.parametrize(
    ("form", "values"),
    [("png", "stored"), ("json", "stored"), ("npy", "stored"), ("npy", "display"), ("tiff16",) * 2],
)
def test_a_frame_that_ends_early_is_noted_in_every_form(renderer, form, values, with_box):
    values = "stored" if values == "tiff16" else values
    cut = part10(noise())[:-1000]
    made = renderer(None, form, values, content=cut, with_box=with_box)
    assert not made.has_truncated
    made.frame(0)
    assert made.has_truncated


@pytest.mark.parametrize("with_box", [False, True])
def test_pictures_have_the_quality_and_the_profile_that_they_should(renderer, with_box):
    sizes = [
        len(renderer(noise(), "jpeg", quality=quality, with_box=with_box).frame(0))
        for quality in (10, 95)
    ]
    assert sizes[0] < sizes[1] / 2
    profiled = renderer(color(ICCProfile=SRGB), "png", with_box=with_box).frame(0)
    assert Image.open(io.BytesIO(profiled)).info["icc_profile"] == SRGB


def test_pictures_made_in_python_have_the_profile_too():
    picture = render(part10(color(ICCProfile=SRGB)))
    for content in (picture.png(), picture.jpeg(), picture.webp()):
        assert Image.open(io.BytesIO(content)).info["icc_profile"] == SRGB


def test_rois_that_were_drawn_are_counted(renderer):
    made = renderer(noise(), "png", with_box=True)
    made.frame(0)
    assert made.drawn == 1


def test_rois_have_the_colour_of_their_label(tmp_path):
    (tmp_path / "a.dcm").write_bytes(part10(noise()))
    table = tmp_path / "rois.csv"
    table.write_text(
        "image,x1,y1,x2,y2,label\na.dcm,1,1,9,9,mass\nb.dcm,1,1,9,9,cyst\na.dcm,20,20,29,29,cyst\n"
    )
    columns = "file=image,xmin=x1,ymin=y1,xmax=x2,ymax=y2,label=label"
    pixels = render(tmp_path / "a.dcm", annotations=table, annotations_columns=columns).pixels
    # The first two of the page: #ff6b6b and #63e08b.
    assert (pixels[1, 1].tolist(), pixels[20, 20].tolist()) == ([255, 107, 107], [99, 224, 139])


def test_a_tiff_file_of_display_values_of_monochrome1_has_black_as_zero(renderer):
    dataset = noise(PhotometricInterpretation="MONOCHROME1")
    for values, white_is_zero in (("stored", True), ("modality", True), ("display", False)):
        content = renderer(dataset, "tiff16", values).frame(0)
        assert Image.open(io.BytesIO(content)).tag_v2[262] == (0 if white_is_zero else 1)


def test_an_inverted_deep_picture_is_the_other_way_round(renderer):
    plain, inverted = (
        np.asarray(
            Image.open(
                io.BytesIO(renderer(noise(), "tiff16", "display", inverted=inverted).frame(0))
            )
        ).astype(int)
        for inverted in (False, True)
    )
    assert (plain + inverted == 65535).all()


def test_colour_is_no_deep_picture(renderer):
    for values in Values:
        with pytest.raises(UnsupportedPixelFormat, match="grey values, and this picture has colou"):
            renderer(color(), "tiff16", values).frame(0)


def test_one_frame_has_a_dimension_of_frames_only_where_all_are_asked_for(renderer):
    made = renderer(noise(4, 5), "npy")
    assert np.load(io.BytesIO(made.frame(0))).shape == (4, 5)
    assert np.load(io.BytesIO(b"".join(made.all_frames()))).shape == (1, 4, 5)


@pytest.mark.parametrize("slopes", [("0.5", "1"), ("1", "0.5")])
def test_all_frames_have_the_type_that_holds_those_of_each(renderer, slopes):
    dataset = image(
        1,
        1,
        NumberOfFrames=2,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        PixelData=np.array([3, 5], "<u2").tobytes(),
        PerFrameFunctionalGroupsSequence=groups(
            *(
                {
                    "PixelValueTransformationSequence": item(
                        RescaleSlope=slope, RescaleIntercept="-1", RescaleType="US"
                    )
                }
                for slope in slopes
            )
        ),
    )
    found = np.load(io.BytesIO(b"".join(renderer(dataset, "npy", "modality").all_frames())))
    first, second = (float(slope) for slope in slopes)
    assert found.reshape(-1).tolist() == [3 * first - 1, 5 * second - 1]
