"""Which ROIs of a file or folder are those of an image."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from support.datasets import image, part10

from dcmview.bulk.inputs import entry_of
from dcmview.rendering.roi_files import roi_file

HEADER = "anon_dicom_path,ROI_coords\n"
PLACE = {
    "ImagePositionPatient": [0, 0, 0],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [1, 1],
}


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(8, 9, PixelData=bytes(144), SOPInstanceUID="1.2.3", **PLACE)))
    return entry_of(str(path))


def boxes(entry, table, *, is_alone=True):
    """Left edges of the boxes of an image, in order."""
    rois = roi_file(str(table), None).rois_of(entry, is_alone=is_alone)
    return [roi.points[0].x for roi in rois]


@pytest.mark.parametrize("name", ["a.dcm", "x/a.dcm", "a.png", "a.dcm.png", "1.2.3.png"])
def test_an_image_is_named_by_its_file_or_by_a_picture_of_it(entry, tmp_path, name):
    table = tmp_path / "rois.csv"
    table.write_text(f'{HEADER}{name},"[[1, 2, 5, 6]]"\nb.dcm,"[[1, 3, 5, 6]]"\n')
    assert boxes(entry, table) == [2]


def test_rois_come_in_the_order_of_the_table_however_they_name_the_image(entry, tmp_path):
    table = tmp_path / "rois.csv"
    rows = [f'{name},"[[1, {left}, 5, 8]]"' for left, name in enumerate(("a.dcm", "1.2.3.png") * 2)]
    table.write_text(HEADER + "\n".join(rows) + "\n")
    assert boxes(entry, table) == [0, 1, 2, 3]


def mask(path, values, affine):
    volume = np.zeros((9, 8, 1), np.uint8)
    for row, value in enumerate(values):
        volume[2:4, 2 * row, 0] = value
    content = nibabel.Nifti1Image(volume, affine)
    if affine is None:
        content.header["qform_code"] = content.header["sform_code"] = 0
    content.to_filename(path)


def test_a_volume_that_does_not_say_where_it_lies_is_that_of_an_image_alone(entry, tmp_path):
    for name, affine in (("nowhere.nii", None), ("there.nii", np.diag([-1, -1, 1, 1]))):
        mask(tmp_path / name, [1], affine)
    counts = [
        len(roi_file(str(tmp_path / name), None).rois_of(entry, is_alone=is_alone))
        for name in ("nowhere.nii", "there.nii")
        for is_alone in (True, False)
    ]
    assert counts == [1, 0, 1, 1]


def test_labels_are_those_of_tables_and_then_of_masks_that_have_some(tmp_path):
    folder = tmp_path / "rois"
    folder.mkdir()
    (folder / "table.csv").write_text("file,xmin,ymin,xmax,ymax,label\na.dcm,1,2,5,6,mass\n")
    mask(folder / "1-plain.nii", [1], np.eye(4))
    mask(folder / "2-labels.nii", [12, 2], np.eye(4))
    assert roi_file(str(folder), None).labels == ("mass", "2", "12")
