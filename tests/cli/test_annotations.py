"""``--annotations`` and ``--predictions`` of the viewer take what ``overlay`` takes."""

from __future__ import annotations

import sys

import nibabel
import numpy as np
import pytest
from support.datasets import image, part10
from support.rois import box

from dcmview.__main__ import run
from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.cli import view
from dcmview.cli.options import ViewOptions
from dcmview.cli.scanning import begin_scan
from dcmview.exchange import nifti

ROWS, COLUMNS = 5, 7


@pytest.fixture
def study(tmp_path):
    """Two slices 2 mm apart."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(2):
        dataset = image(
            ROWS,
            COLUMNS,
            PixelData=bytes(70),
            SOPInstanceUID=f"1.2.3.{number}",
            SeriesInstanceUID="1.2.9",
            InstanceNumber=number + 1,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[-10, 20, 30 - 2 * number],
            PixelSpacing=[3, 0.5],
        )
        (folder / f"{number}.dcm").write_bytes(part10(dataset))
    return folder


def mask(path, labels, first=30):
    """Slices that lie as those of the study; x and y point the other way than in DICOM."""
    affine = np.diag([-0.5, -3, -2, 1])
    affine[:3, 3] = [10, -20, first]
    nibabel.Nifti1Image(labels, affine).to_filename(path)


@pytest.fixture
def volume(tmp_path):
    labels = np.zeros((COLUMNS, ROWS, 2), np.uint8)
    labels[2, 1, 1] = 4  # second slice, row 1, column 2
    mask(tmp_path / "lesion.nii.gz", labels)
    return tmp_path / "lesion.nii.gz"


@pytest.fixture
def opened(study):
    """Open the study with options, as far as there is no server."""
    libraries = []

    def open_with(**options):
        asked = ViewOptions(paths=(str(study),), **options)
        annotations, volumes = view._read_annotations(asked)
        start = view.Start(asked, None, (), annotations, volumes, None, (), None, None, None)
        libraries.append(begin_scan(start))
        assert libraries[-1].wait_scan(30)
        assert volumes == []
        return libraries[-1]

    yield open_with
    for library in libraries:
        library.close()


def test_a_volume_is_laid_over_the_files_where_its_affine_says(opened, volume):
    library = opened(annotations=(str(volume),))
    assert library.rois.get(0).rois == ()
    (roi,) = library.rois.get(1).rois
    assert (roi.label, roi.kind) == ("4", "polygon")
    assert {(each.x, each.y) for each in roi.points} == {(2, 1), (3, 1), (3, 2), (2, 2)}
    assert (library.warnings(), library.saving.unsaved_files) == ([], 0)


def test_a_volume_of_predictions_is_read_only(opened, volume):
    library = opened(predictions=(str(volume),))
    assert library.rois.get(1).rois == ()
    (roi,) = library.rois.get(1).shown
    assert (roi.group, roi.source, roi.locked) == ("lesion.nii", "lesion.nii.gz", True)


def test_a_folder_stands_for_the_files_in_it(opened, study, volume, tmp_path):
    folder = tmp_path / "rois"
    folder.mkdir()
    volume.rename(folder / volume.name)
    for number, name in enumerate(["a.json", "b.json"]):
        key = FileKey(f"1.2.3.{number}", str(study / f"{number}.dcm"))
        (folder / name).write_bytes(write_native(Contents({key: (box(name, 0, 0, 1, 1),)})))
    library = opened(annotations=(str(folder),))
    assert [[roi.kind for roi in library.rois.get(index).rois] for index in (0, 1)] == [
        ["rectangle"],
        ["rectangle", "polygon"],
    ]


def test_a_volume_off_the_grid_is_a_warning(opened, tmp_path):
    mask(tmp_path / "off.nii", np.ones((COLUMNS, ROWS, 2), np.uint8), first=24.5)
    (warning,) = opened(annotations=(str(tmp_path / "off.nii"),)).warnings()
    assert "off.nii: the volume left out: lies on no image" in warning


@pytest.mark.parametrize("name", ["mask.nii.gz", "mask.nii", "rois.json", "folder"])
def test_what_is_wrong_is_told_in_the_words_of_overlay(study, tmp_path, monkeypatch, capsys, name):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\x1f\x8b no ROIs")
    if name == "mask.nii":
        monkeypatch.setitem(sys.modules, "nibabel", None)
        nifti.nibabel.cache_clear()
    told = []
    for arguments in (
        ["--annotations", str(path), str(study)],
        ["overlay", "-a", str(path), "-o", str(tmp_path / "out"), str(study)],
    ):
        assert run(arguments) == 3
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    assert told[0].startswith("dcmview: error: ")
