"""Values that options take: the tables are read before anything heavy, so they repeat them."""

from __future__ import annotations

import pytest

from dcmview.bulk.naming import NameStyle
from dcmview.cli import overlay, render_options, thumbnail, transcode
from dcmview.cli.bulk_options import NAMES
from dcmview.exchange.plane_files import PLANE_FORMS
from dcmview.model import PictureFormat
from dcmview.pixels.color_maps import COLOR_MAPS
from dcmview.rendering.settings import Encoding, OutputForm, Values
from dcmview.transcoding.policy import OnFailure
from dcmview.transcoding.writing import OffsetTable


@pytest.mark.parametrize(
    ("choices", "known"),
    [
        (NAMES.choices, NameStyle),
        (render_options.FORMS, OutputForm),
        (render_options.VALUES, Values),
        (render_options.ENCODINGS, Encoding),
        (render_options.COLOR_MAPS, COLOR_MAPS),
        (thumbnail.FORMATS, PictureFormat),
        (transcode.ON_FAILURE, OnFailure),
        (transcode.OFFSET_TABLES, OffsetTable),
        (overlay.FORMS, PLANE_FORMS),
    ],
)
def test_an_option_takes_all_values_that_there_are(choices, known):
    assert sorted(choices) == sorted(known)
