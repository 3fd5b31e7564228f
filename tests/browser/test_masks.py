"""Masks on the page: outlines with holes, and figures that are those of the exported table."""

from __future__ import annotations

import csv
import io

import numpy as np
import pydicom
import pytest
from browser.steps import grey_at, open_page, screen
from browser.test_measure import Hand, number, said, shapes
from PIL import Image
from pydicom.data import get_testdata_file
from support.server import ServerProcess

SIZE = 128


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    """A CT of one slice."""
    path = tmp_path_factory.mktemp("masks") / "ct.dcm"
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    dataset.save_as(path)
    return path


@pytest.fixture(scope="module")
def server(ct):
    with ServerProcess("--no-rescue", str(ct)) as server:
        server.wait_scanned()
        yield server


@pytest.mark.one_size("small")
def test_a_mask_with_a_hole_has_the_figures_of_its_pixels_and_shows_no_cut(page, server, ct):
    rows, columns = np.indices((SIZE, SIZE))
    mask = (rows - 64) ** 2 + (columns - 64) ** 2 < 40**2
    mask &= (rows - 60) ** 2 + (columns - 70) ** 2 >= 12**2
    picture = io.BytesIO()
    Image.fromarray(mask).save(picture, "PNG")
    report = server.request("POST", "/api/annotations/import?name=ct.png", picture.getvalue()).json
    assert report["added"] == 1
    open_page(page, server.url)
    hand = Hand(page, SIZE, SIZE)

    dataset = pydicom.dcmread(ct)
    values = dataset.pixel_array[mask] * float(dataset.RescaleSlope) + float(
        dataset.RescaleIntercept
    )
    row_mm, column_mm = map(float, dataset.PixelSpacing)
    text = said(shapes(page, "Polygon"))
    assert number(r"Mean (-?[\d.]+) HU", text) == pytest.approx(values.mean(), rel=1e-4)
    assert number(r"([\d.]+) mm²", text) == pytest.approx(mask.sum() * row_mm * column_mm, rel=1e-3)

    exported = server.get("/api/annotations/export?format=csv-statistics").body.decode()
    (row,) = csv.DictReader(io.StringIO(exported))
    assert float(row["mean"]) == pytest.approx(values.mean())
    assert float(row["sd_population"]) == pytest.approx(values.std())
    assert float(row["area"]) == pytest.approx(mask.sum() * row_mm * column_mm)
    assert int(row["pixel_count"]) == mask.sum()

    # The top of the hole lies at row 49; the cut to it comes from the left in that row.
    hole_top = int(np.flatnonzero(~mask[:, 70] & (rows[:, 70] > 30))[0])
    left = int(np.flatnonzero(mask[hole_top])[0])
    for spot in (((left + 64) / 2, hole_top), ((left + 60) / 2, hole_top)):
        grey_at(page, *hand.on_screen(spot))
    x, y = hand.on_screen((70.5, hole_top))
    assert len(set(screen(page).getpixel((int(x), int(y))))) > 1, "the hole itself is outlined"
