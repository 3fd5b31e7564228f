"""Which frame stands for a file, on files whose means are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.datasets import groups, image, item, part10

from dcmview.bulk.inputs import entry_of
from dcmview.bulk.task import fresh_entry
from dcmview.engine.engine import Engine
from dcmview.errors import FrameOutOfRange, RequestError
from dcmview.thumbnails.frame_choice import choose_frame, highest, middle
from dcmview.thumbnails.settings import FrameChoice, read_color, read_frame_choice


@pytest.fixture(scope="module")
def engine():
    engine = Engine(16 * 1024 * 1024)
    yield engine
    engine.close()


@pytest.fixture
def chosen(engine, tmp_path):
    """Choose a frame of a data set."""

    def choose(dataset, choice):
        path = tmp_path / "a.dcm"
        path.write_bytes(part10(dataset))
        return choose_frame(engine, fresh_entry(entry_of(str(path))), choice)

    return choose


def frames(*values, **elements):
    """Frames of 2 by 2 pixels, each given by its four stored values."""
    stored = np.array(values, "<i2")
    layout = {"NumberOfFrames": len(values), "PixelRepresentation": 1}
    return image(2, 2, PixelData=stored.tobytes(), **layout, **elements)


FIVE = ((0, 0, 0, 4), (9, 9, 9, 9), (2, 2, 2, 2), (0, 0, 0, 0), (8, 0, 8, 4))  # means 1 9 2 0 5


@pytest.mark.parametrize(
    ("choice", "frame"),
    [
        (FrameChoice.FIRST, 0),
        (FrameChoice.MIDDLE, 2),
        (FrameChoice.MAX, 1),
        (FrameChoice.MEDIAN, 2),
        (3, 3),
        (0, 0),
    ],
)
def test_each_choice_finds_its_frame(chosen, choice, frame):
    assert chosen(frames(*FIVE), choice) == frame


def test_the_middle_of_an_even_number_begins_the_second_half(chosen):
    assert chosen(frames(*FIVE[:4]), FrameChoice.MIDDLE) == 2


def test_of_an_even_number_the_lower_of_two_medians_is_taken(chosen):
    # Means 1, 9, 2 and 0: the median lies between 1 and 2.
    assert chosen(frames(*FIVE[:4]), FrameChoice.MEDIAN) == 0


def test_of_equal_means_the_first_frame_is_taken(chosen):
    same = frames((1, 1, 1, 1), (0, 4, 4, 0), (4, 0, 0, 4))
    assert chosen(same, FrameChoice.MAX) == 1
    assert chosen(same, FrameChoice.MEDIAN) == 1


def test_padding_is_no_part_of_a_mean(chosen):
    # 3 and 50 without the padding, 3 and -1988 with it.
    padded = frames((3, 3, 3, 3), (50, -4000, -4000, -4000), PixelPaddingValue=-4000)
    assert chosen(padded, FrameChoice.MAX) == 1


def test_a_frame_of_nothing_but_padding_is_chosen_only_where_all_are(chosen):
    nothing = (7, 7, 7, 7)
    assert chosen(frames(nothing, (-9, -9, -9, -9), PixelPaddingValue=7), FrameChoice.MAX) == 1
    assert chosen(frames(nothing, nothing, PixelPaddingValue=7), FrameChoice.MEDIAN) == 0


def test_what_is_no_number_is_no_part_of_a_mean(chosen):
    def fractions(*values):
        dataset = image(1, 2, NumberOfFrames=len(values), BitsAllocated=32)
        for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PixelData"):
            delattr(dataset, keyword)
        dataset.FloatPixelData = np.array(values, "<f4").tobytes()
        return dataset

    nothing = (np.nan, np.inf)
    some = fractions(nothing, (np.nan, 4.5), (5, 1))  # means: none, 4.5 and 3
    assert chosen(some, FrameChoice.MAX) == 1
    assert chosen(some, FrameChoice.MEDIAN) == 2
    assert chosen(fractions(nothing, nothing), FrameChoice.MAX) == 0


def test_means_are_of_modality_values_of_each_frame(chosen):
    """Stored means 1, 2 and 3 are 100, 20 and 3 after the rescale that each frame has."""
    dataset = frames((1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3))
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    dataset.PerFrameFunctionalGroupsSequence = groups(
        *(
            {
                "PixelValueTransformationSequence": item(
                    RescaleIntercept=0, RescaleSlope=slope, RescaleType="US"
                )
            }
            for slope in (100, 10, 1)
        )
    )
    assert chosen(dataset, FrameChoice.MAX) == 0
    assert chosen(dataset, FrameChoice.MEDIAN) == 1


def test_a_negative_slope_turns_the_order_around(chosen):
    dark = frames((1, 1, 1, 1), (5, 5, 5, 5), RescaleSlope=-2, RescaleIntercept=100)
    assert chosen(dark, FrameChoice.MAX) == 0  # 98 and 90


def test_monochrome1_is_not_turned_around(chosen):
    dataset = frames((1, 1, 1, 1), (5, 5, 5, 5), PhotometricInterpretation="MONOCHROME1")
    assert chosen(dataset, FrameChoice.MAX) == 1


def test_of_colour_the_mean_of_red_green_and_blue_counts(chosen):
    # Frames of one pixel: means 100, 85 and 90.
    pixels = bytes((100, 100, 100, 255, 0, 0, 0, 250, 20))
    layout = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0}
    dataset = image(1, 1, NumberOfFrames=3, PixelData=pixels + b"\0", SamplesPerPixel=3, **layout)
    dataset.PhotometricInterpretation = "RGB"
    assert chosen(dataset, FrameChoice.MAX) == 0
    assert chosen(dataset, FrameChoice.MEDIAN) == 2


def test_a_frame_that_is_not_there_is_refused(chosen):
    with pytest.raises(FrameOutOfRange, match="counted from 0, no frame 5"):
        chosen(frames(*FIVE), 5)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_choices_agree_with_sorting(values):
    means = [float(value) for value in values]
    assert means[highest(means)] == max(means)
    assert highest(means) == means.index(max(means))
    median = sorted(means)[(len(means) - 1) // 2]
    assert middle(means) == means.index(median)


@pytest.mark.parametrize("text", ["last", "-1", "1.5", "", "1e3", "9" * 10, "²"])
def test_other_words_are_no_frame(text):
    with pytest.raises(RequestError, match="frame must be one of first, middle, max, median"):
        read_frame_choice(text)


@pytest.mark.parametrize("text", ["", "red", "#12345", "#1234567", "12345g"])
def test_other_words_are_no_colour(text):
    with pytest.raises(RequestError, match="a colour is one of black, white, grey"):
        read_color(text)
