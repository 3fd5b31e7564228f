"""How fast the frames of a file follow each other, and what its compression lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset
from support.datasets import groups, image, item, opened

from dcmview.dicom.details import lossy_words, read_details
from dcmview.dicom.transfer import transfer_syntax

if TYPE_CHECKING:
    from pathlib import Path

    from dcmview.model import FileDetails

FRAMES = {"NumberOfFrames": 4, "PixelData": bytes(48)}
TIMED = {"FrameContentSequence": item(FrameAcquisitionDuration=40)}


def details(folder: Path, **elements: Any) -> FileDetails:
    return read_details(opened(folder, image(**{**FRAMES, **elements})))


@pytest.mark.parametrize(
    ("elements", "rate", "source"),
    [
        ({"RecommendedDisplayFrameRate": 15}, 15, "RecommendedDisplayFrameRate"),
        ({"RecommendedDisplayFrameRate": 15, "CineRate": 30}, 15, "RecommendedDisplayFrameRate"),
        ({"CineRate": 30, "FrameTime": 40}, 30, "CineRate"),
        ({"CineRate": 0, "FrameTime": 40}, 25, "FrameTime"),
        ({"FrameTime": 33.333}, 30.0003, "FrameTime"),
        ({"FrameTimeVector": [0, 20, 20, 20]}, 50, "FrameTimeVector"),
        ({"ActualFrameDuration": 50}, 20, "ActualFrameDuration"),
        ({"PerFrameFunctionalGroupsSequence": groups(TIMED)}, 25, "FrameAcquisitionDuration"),
        ({"FrameTime": 0}, None, ""),
        ({"FrameTime": -40}, None, ""),
        ({"ActualFrameDuration": 180_000}, None, ""),  # three minutes of a PET frame
        ({}, None, ""),
    ],
)
def test_the_first_element_that_makes_sense_gives_the_frame_rate(tmp_path, elements, rate, source):
    found = details(tmp_path, **elements)
    assert found.frame_rate == (None if rate is None else pytest.approx(rate, rel=1e-5))
    assert found.frame_rate_source == source
    assert found.frame_times_ms == ()


def test_uneven_frames_stand_until_the_next_one_is_due(tmp_path):
    found = details(tmp_path, FrameTimeVector=[0, 100, 50, 150])
    assert found.frame_times_ms == (100, 50, 150, 100)
    assert found.frame_rate == 10


def test_frame_times_of_other_frames_are_of_no_account(tmp_path):
    assert details(tmp_path, FrameTimeVector=[0, 100]).frame_rate is None


def test_slices_that_take_time_are_not_a_film(tmp_path):
    places = {"PlanePositionSequence": item(ImagePositionPatient=[0, 0, 0])}
    elements = {"PerFrameFunctionalGroupsSequence": groups({**TIMED, **places})}
    assert details(tmp_path, **elements).frame_rate is None
    assert details(tmp_path, ActualFrameDuration=40, ImagePositionPatient=[0, 0, 0]) == (
        details(tmp_path)
    )


BASELINE, JPEG_2000, NATIVE = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2",
)


@pytest.mark.parametrize(
    ("syntax", "elements", "words"),
    [
        (NATIVE, {}, ""),
        (NATIVE, {"LossyImageCompression": "00"}, ""),
        (NATIVE, {"LossyImageCompression": "01"}, "method unknown"),
        (
            NATIVE,
            {
                "LossyImageCompression": "01",
                "LossyImageCompressionRatio": 12,
                "LossyImageCompressionMethod": "ISO_10918_1",
            },
            "JPEG, ratio 12:1",
        ),
        (
            NATIVE,
            {
                "LossyImageCompression": "01",
                "LossyImageCompressionRatio": [12, 5.5],
                "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
            },
            "JPEG, ratio 12:1, then JPEG 2000, ratio 5.5:1",
        ),
        (NATIVE, {"LossyImageCompression": "01", "LossyImageCompressionRatio": 8}, "ratio 8:1"),
        (BASELINE, {}, "JPEG"),
        (BASELINE, {"LossyImageCompression": "00"}, "JPEG"),
        (BASELINE, {"LossyImageCompressionRatio": 20}, "JPEG, ratio 20:1"),
        (JPEG_2000, {}, "JPEG 2000"),
        (JPEG_2000, {"LossyImageCompression": "00"}, ""),
        ("1.2.840.10008.1.2.4.90", {}, ""),
        ("1.2.840.10008.1.2.4.81", {"LossyImageCompression": "01"}, "JPEG-LS"),
    ],
)
def test_loss_is_said_in_words(syntax, elements, words):
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    assert lossy_words(dataset, transfer_syntax(syntax)) == words
