"""ROIs into copies and back: who gets what, under which names, and what is said of the rest."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.datasets import image, part10
from support.rois import box, point

from dcmview import NothingToShow, UsageError, overlay
from dcmview.__main__ import run
from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.bulk.inputs import entry_of
from dcmview.bulk.result import Job, Status
from dcmview.commands.overlay_tasks import FileRois, PutPlanes
from dcmview.dicom.instance import open_instance
from dcmview.dicom.overlays import read_overlays
from dcmview.errors import NotSaved
from dcmview.exchange import nifti
from dcmview.exchange.assignment import RoiSources, assign

ROWS, COLUMNS = 5, 7


@pytest.fixture
def study(tmp_path):
    """Four slices 2 mm apart, from the head down, with other names than numbers."""
    folder = tmp_path / "study"
    (folder / "inner").mkdir(parents=True)
    for number, name in enumerate(["d.dcm", "inner/a.dcm", "c.dcm", "b.dcm"]):
        dataset = image(
            ROWS,
            COLUMNS,
            PixelData=bytes(range(70)),
            SOPInstanceUID=f"1.2.3.{number}",
            SeriesInstanceUID="1.2.9",
            StudyInstanceUID="1.2.8",
            PatientID="p",
            InstanceNumber=number + 1,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[-10, 20, 30 - 2 * number],
            PixelSpacing=[3, 0.5],
            FrameOfReferenceUID="1.2.7",
        )
        (folder / name).write_bytes(part10(dataset))
    return folder


def native(tmp_path, files, name="rois.json"):
    path = tmp_path / name
    keys = {FileKey(uid, str(where)): rois for (uid, where), rois in files.items()}
    path.write_bytes(write_native(Contents(keys)))
    return path


@pytest.fixture
def rois(tmp_path, study):
    return native(
        tmp_path,
        {
            ("1.2.3.0", study / "d.dcm"): (box("a", 1, 1, 3, 2, label="mass"), point("p", 5, 4)),
            ("1.2.3.1", study / "inner/a.dcm"): (box("a", 0, 0, 1, 1, label="cyst"),),
            ("1.2.3.2", study / "c.dcm"): (point("p", 5, 4),),
        },
    )


def by_name(results):
    return {Path(each.input).name: each for each in results}


def planes(path, frame_index=0):
    return {
        plane.summary.group: (plane.summary.label, plane.bits.astype(int).tolist())
        for plane in read_overlays(open_instance(str(path)), frame_index)
    }


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_with_rois_get_copies_and_others_are_skipped(study, rois, tmp_path):
    before = hashes(study)
    results = by_name(overlay(study, tmp_path / "out", annotations=rois))
    assert hashes(study) == before
    assert {name: each.status for name, each in results.items()} == {
        "d.dcm": Status.DONE,
        "a.dcm": Status.DONE,
        "c.dcm": Status.SKIPPED,
        "b.dcm": Status.SKIPPED,
    }
    assert list(hashes(tmp_path / "out")) == ["d.dcm", "inner/a.dcm"]
    assert results["c.dcm"].reason == "its ROIs have no inside"
    assert results["c.dcm"].figures == {"no_inside": 1}
    assert results["b.dcm"].reason == "it has no ROIs"
    uid = pydicom.dcmread(tmp_path / "out/d.dcm").SOPInstanceUID
    assert results["d.dcm"].figures == {
        "planes": 1,
        "rois": 1,
        "no_inside": 1,
        "sop_instance_uid": uid,
    }
    assert uid.startswith("2.25.")
    expected = np.zeros((ROWS, COLUMNS), int)
    expected[1, 1:3] = 1
    assert planes(tmp_path / "out/d.dcm") == {0x6000: ("mass", expected.tolist())}


def test_files_without_rois_are_copied_where_that_is_asked_for(study, rois, tmp_path):
    results = by_name(overlay(study, tmp_path / "out", annotations=rois, copy_all=True))
    assert results["b.dcm"].status is results["c.dcm"].status is Status.KEPT
    assert hashes(tmp_path / "out")["b.dcm"] == hashes(study)["b.dcm"]
    assert len(hashes(tmp_path / "out")) == 4


def test_all_are_copied_where_no_file_has_rois(study, tmp_path):
    nobodys = native(tmp_path, {("1.2.3.99", study / "gone.dcm"): (box("a", 0, 0, 1, 1),)})
    with pytest.warns(UserWarning, match="matches no listed file"):
        results = overlay(study, tmp_path / "out", annotations=nobodys, copy_all=True)
    assert [each.status for each in results] == [Status.KEPT] * 4
    assert hashes(tmp_path / "out") == hashes(study)


def test_every_run_gives_the_same_bytes_and_other_planes_another_uid(study, rois, tmp_path):
    overlay(study, tmp_path / "one", annotations=rois)
    overlay(study, tmp_path / "two", annotations=rois, jobs=2)
    overlay(study, tmp_path / "three", annotations=rois, crop=True)
    overlay(study, tmp_path / "four", annotations=rois, keep_uid=True)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    uids = [
        pydicom.dcmread(tmp_path / name / "d.dcm").SOPInstanceUID
        for name in ("one", "three", "four")
    ]
    assert len(set(uids)) == 3
    assert uids[2] == "1.2.3.0"


def test_the_same_planes_on_other_frames_make_another_copy(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(3, 5, NumberOfFrames=2, PixelData=bytes(60))))
    uids = set()
    for frame in (0, 1):
        found = native(tmp_path, {("1.2.3.4", path): (box("a", 0, 0, 2, 2, frames=(frame,)),)})
        (result,) = overlay(path, tmp_path / str(frame), annotations=found)
        uids.add(result.figures["sop_instance_uid"])
    assert len(uids) == 2


def test_a_file_is_copied_alike_alone_and_among_others(study, rois, tmp_path):
    together = overlay(study, tmp_path / "together", annotations=rois, copy_all=True)
    for name in ("d.dcm", "inner/a.dcm", "c.dcm"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ROIs of files that are not given
            (alone,) = overlay(study / name, tmp_path / "alone", annotations=rois, copy_all=True)
        among = by_name(together)[Path(name).name]
        assert (alone.figures, alone.reason) == (among.figures, among.reason)
        assert Path(alone.outputs[0]).read_bytes() == Path(among.outputs[0]).read_bytes()


def test_what_fails_before_the_turn_of_a_file_is_told_of_that_file(
    study, rois, tmp_path, monkeypatch
):
    draw = PutPlanes._drawn

    def fail(task, job):
        if job.entry.path.endswith("d.dcm"):
            raise NotSaved("no room for planes")
        return draw(task, job)

    monkeypatch.setattr(PutPlanes, "_drawn", fail)
    results = by_name(overlay(study, tmp_path / "out", annotations=rois))
    assert (results["d.dcm"].status, results["d.dcm"].reason) == ("failed", "no room for planes")
    assert results["a.dcm"].status == "done"


def test_what_is_there_counts_as_finished(study, rois, tmp_path):
    overlay(study, tmp_path / "out", annotations=rois)
    results = by_name(overlay(study, tmp_path / "out", annotations=rois))
    assert results["d.dcm"].reason == "finished before"
    (tmp_path / "out/d.dcm").write_bytes(b"mine")
    results = by_name(overlay(study, tmp_path / "out", annotations=rois))
    assert results["d.dcm"].status is Status.FAILED
    assert (tmp_path / "out/d.dcm").read_bytes() == b"mine"
    results = by_name(overlay(study, tmp_path / "out", annotations=rois, overwrite=True))
    assert results["d.dcm"].status is Status.DONE
    assert planes(tmp_path / "out/d.dcm")


def test_copies_can_be_called_by_uid(study, rois, tmp_path):
    overlay(study, tmp_path / "out", annotations=rois, names="uid")
    assert list(hashes(tmp_path / "out")) == ["1.2.3.0.dcm", "1.2.3.1.dcm"]


def test_rois_of_no_file_are_warned_of(study, tmp_path):
    path = native(tmp_path, {("9.9", "/else/where.dcm"): (box("a"),)})
    with (
        pytest.warns(UserWarning, match=r"file 1 matches no listed file"),
        pytest.raises(NothingToShow, match=r"none of 4 file\(s\) has ROIs"),
    ):
        overlay(study, tmp_path / "out", annotations=path)
    assert not (tmp_path / "out").exists()


def test_warnings_point_at_the_caller(study, tmp_path):
    files = {("1.2.3.0", study / "d.dcm"): (box("a", 0, 0, 1, 1),), ("9.9", "/x.dcm"): (box("b"),)}
    with pytest.warns(UserWarning, match="matches no listed file") as told:
        overlay(study, tmp_path / "out", annotations=native(tmp_path, files))
    assert [each.filename for each in told] == [__file__]


def test_an_output_folder_among_the_inputs_is_refused(study, rois):
    with pytest.raises(UsageError, match="which is read"):
        overlay(study, study / "out", annotations=rois)


def test_folders_below_are_left_alone_where_that_is_asked_for(study, tmp_path):
    mass = box("a", 1, 1, 3, 2, label="mass")
    rois = native(tmp_path, {("1.2.3.0", study / "d.dcm"): (mass,)})
    results = overlay(study, tmp_path / "out", annotations=rois, type="G", recursive=False)
    assert sorted(by_name(results)) == ["b.dcm", "c.dcm", "d.dcm"]
    assert pydicom.dcmread(tmp_path / "out/d.dcm")[0x60000040].value == "G"


@pytest.mark.parametrize(("name", "value"), [("type", "X"), ("names", "size"), ("extract", "gif")])
def test_arguments_that_make_no_sense_are_refused(study, rois, tmp_path, name, value):
    annotations = () if name == "extract" else rois
    with pytest.raises(UsageError, match=f"{name} must be"):
        overlay(study, tmp_path / "out", annotations=annotations, **{name: value})


@pytest.mark.parametrize("name", ["crop", "keep_uid", "copy_all", "label", "annotations_columns"])
def test_what_is_for_new_planes_is_refused_where_planes_are_taken_out(study, tmp_path, name):
    value = "file=x" if name == "annotations_columns" else True
    with pytest.raises(UsageError, match="taken out or put in"):
        overlay(study, tmp_path / "out", extract="png", **{name: value})


def test_what_shows_and_what_does_not_is_in_the_report(study, tmp_path):
    sliver = box("sliver", 1.6, 1.6, 2.4, 2.4)  # between centres of pixels
    path = study / "d.dcm"
    found = {("1.2.3.0", path): (box("a", 0, 0, 2, 2), sliver, point("p", 3, 3))}
    (result,) = overlay(path, tmp_path / "out", annotations=native(tmp_path, found))
    uid = result.figures["sop_instance_uid"]
    assert result.figures == {
        "planes": 1,
        "rois": 1,
        "no_inside": 1,
        "no_pixel": 1,
        "sop_instance_uid": uid,
    }
    assert pydicom.dcmread(result.outputs[0]).SOPInstanceUID == uid


def test_planes_without_a_group_are_in_the_report(study, tmp_path):
    many = tuple(box(f"r{n}", 0, 0, 1, 1, label=f"{n:02}") for n in range(18))
    path = native(tmp_path, {("1.2.3.0", study / "d.dcm"): many})
    result = by_name(overlay(study, tmp_path / "out", annotations=path))["d.dcm"]
    assert result.figures["planes"] == 16
    assert result.figures["no_group"] == 2
    assert result.reason == "no group from 6000 to 601E is free for 16, 17"


def test_a_file_without_a_free_group_has_failed_and_has_no_copy(study, tmp_path):
    many = tuple(box(f"r{n}", 0, 0, 1, 1, label=f"{n:02}") for n in range(40))
    path = native(tmp_path, {("1.2.3.0", study / "d.dcm"): many})
    full = tmp_path / "full"
    overlay(study / "d.dcm", full, annotations=path, keep_uid=True)
    (result,) = overlay(full, tmp_path / "out", annotations=path)
    assert result.status is Status.FAILED
    assert result.figures == {"planes": 0, "no_group": 40}
    assert result.reason.startswith("no group from 6000 to 601E is free for 00, 01, 02, ")
    assert result.reason.endswith(", 19 and 20 more")
    assert not (tmp_path / "out").exists()


def test_planes_that_find_no_group_are_not_drawn_ahead(study):
    many = tuple(box(f"r{n}", 0, 0, 1, 1, label=f"{n:02}") for n in range(40))
    job = Job(entry_of(str(study / "d.dcm")), extra=FileRois(many))
    PutPlanes().begin([job])
    assert [bool(plane.made) for plane in job.extra.drawn.planes] == [True] * 16 + [False] * 24


def test_a_table_of_another_program_says_which_column_has_what(study, tmp_path):
    table = tmp_path / "boxes.csv"
    table.write_text(f"picture,a,b,c,d,what\n{study}/d.dcm,1,1,3,2,mass\n")
    mapping = "file=picture,xmin=a,ymin=b,xmax=c,ymax=d,label=what"
    overlay(study, tmp_path / "out", annotations=table, annotations_columns=mapping)
    ((label, bits),) = planes(tmp_path / "out/d.dcm").values()
    assert (label, np.argwhere(bits).tolist()) == ("mass", [[1, 1], [1, 2]])


# NIfTI


def volume(path, labels, affine):
    nibabel.Nifti1Image(labels, affine).to_filename(path)
    return path


def test_a_volume_lies_where_its_affine_says(study, tmp_path):
    # Axes are slices from the feet up, rows from the back, columns from the left: RAS.
    labels = np.zeros((4, ROWS, COLUMNS), np.uint8)
    labels[3, ROWS - 1 - 1, COLUMNS - 1 - 2] = 4  # first slice, row 1, column 2
    labels[0, ROWS - 1 - 4, COLUMNS - 1 - 6] = 9  # last slice, row 4, column 6
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = 2, 3, 0.5
    # Voxel (0, 0, 0): slice 3, last row and column; x and y point the other way than in DICOM.
    affine[:, 3] = [-(-10 + 0.5 * (COLUMNS - 1)), -(20 + 3 * (ROWS - 1)), 30 - 2 * 3, 1]
    path = volume(tmp_path / "mask.nii.gz", labels, affine)
    results = by_name(overlay(study, tmp_path / "out", annotations=path))
    assert list(hashes(tmp_path / "out")) == ["b.dcm", "d.dcm"]
    ((label, bits),) = planes(tmp_path / "out/d.dcm").values()
    assert (label, np.argwhere(bits).tolist()) == ("4", [[1, 2]])
    ((label, bits),) = planes(tmp_path / "out/b.dcm").values()
    assert (label, np.argwhere(bits).tolist()) == ("9", [[4, 6]])
    assert results["d.dcm"].reason == ""


def test_a_volume_is_kept_no_longer_than_its_rois_are_looked_for(tmp_path):
    path = volume(tmp_path / "mask.nii", np.ones((4, 3, 2), np.uint8), np.eye(4))
    sources = RoiSources().read([str(path)])
    assert [each.labels.shape for each in sources.volumes] == [(4, 3, 2)]
    assign(sources, [])
    assert sources.volumes == []


def test_a_value_is_a_label_where_the_volume_has_others_on_other_slices(study, tmp_path):
    labels = np.zeros((COLUMNS, ROWS, 2), np.uint8)
    labels[0, 0, 0], labels[0, 0, 1] = 1, 2
    affine = np.diag([-0.5, -3, -2, 1.0])
    affine[:3, 3] = [10, -20, 30]
    path = volume(tmp_path / "mask.nii", labels, affine)
    overlay(study / "d.dcm", tmp_path / "out", annotations=path)
    ((label, _),) = planes(tmp_path / "out/d.dcm").values()
    assert label == "1"


def test_a_volume_off_the_grid_is_not_taken(study, tmp_path):
    affine = np.diag([-0.5, -3, 2, 1.0])
    affine[:3, 3] = [10, -20, 24.5]
    path = volume(tmp_path / "mask.nii", np.ones((COLUMNS, ROWS, 4), np.uint8), affine)
    with (
        pytest.warns(UserWarning, match=r"lies on no image: 4 frame\(s\) do not lie on its voxels"),
        pytest.raises(NothingToShow),
    ):
        overlay(study, tmp_path / "out", annotations=path)


def test_a_volume_that_says_no_place_is_taken_in_the_order_of_slices(study, tmp_path):
    labels = np.zeros((COLUMNS, ROWS, 4), np.uint8)
    labels[6, 0, 0] = 1
    header_only = nibabel.Nifti1Image(labels, None)
    header_only.header.set_sform(None, code=0)
    header_only.header.set_qform(None, code=0)
    path = tmp_path / "mask.nii"
    header_only.to_filename(path)
    with pytest.warns(UserWarning, match="does not say where it lies"):
        results = by_name(overlay(study, tmp_path / "out", annotations=path))
    # Instance Number 1 comes first.
    assert list(hashes(tmp_path / "out")) == ["d.dcm"]
    ((_, bits),) = planes(tmp_path / "out/d.dcm").values()
    assert np.argwhere(bits).tolist() == [[0, 6]]
    assert results["d.dcm"].reason.endswith("taken in the order of the series")


def test_a_volume_that_is_none_is_told_in_a_line(study, tmp_path, capsys):
    (tmp_path / "mask.nii.gz").write_bytes(b"\x1f\x8b not one")
    code = run(
        ["overlay", str(study), "-a", str(tmp_path / "mask.nii.gz"), "-o", str(tmp_path / "o")]
    )
    assert code == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dcmview: error: ROI mask")
    assert "cannot be read" in line


@pytest.mark.parametrize("options", [["-a", "mask.nii"], ["--extract", "nii"]])
def test_nifti_without_its_package_says_what_to_install(
    study, tmp_path, options, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    nifti.nibabel.cache_clear()
    assert run(["overlay", str(study), *options, "-o", "out"]) == 3
    assert "pip install 'dcmview[nifti]'" in capsys.readouterr().err
    assert not Path("out").exists()


# Extraction


def with_plane(dataset, bits, group=0x6000, *, frames=None, origin=(1, 1), label=""):
    """Put a plane in by pydicom, of shape (rows, columns) or (frames, rows, columns)."""
    add = dataset.add_new
    add((group, 0x10), "US", bits.shape[-2])
    add((group, 0x11), "US", bits.shape[-1])
    if frames is not None:
        add((group, 0x15), "IS", len(bits))
        add((group, 0x51), "US", frames)
    add((group, 0x40), "CS", "R")
    add((group, 0x50), "SS", list(origin))
    add((group, 0x100), "US", 1)
    add((group, 0x102), "US", 0)
    if label:
        add((group, 0x1500), "LO", label)
    packed = np.packbits(bits.astype(bool), bitorder="little").tobytes()
    add((group, 0x3000), "OW", packed + bytes(len(packed) % 2))
    return dataset


RING = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 0, 1], [1, 1, 1, 0, 0]])


@pytest.fixture
def ringed(tmp_path):
    folder = tmp_path / "ringed"
    folder.mkdir()
    dataset = image(3, 5, PixelData=bytes(30), SOPInstanceUID="1.2.5")
    (folder / "a.dcm").write_bytes(part10(with_plane(dataset, RING, label="ring")))
    return folder


@pytest.mark.parametrize("form", ["json", "csv"])
def test_planes_become_rois_with_their_holes_and_labels(ringed, tmp_path, form):
    (result,) = overlay(ringed, tmp_path / "rois", extract=form)
    assert result.outputs == (str(tmp_path / "rois" / f"a.{form}"),)
    assert result.figures == {"planes": 1}
    overlay(ringed, tmp_path / "out", annotations=tmp_path / "rois")
    expected = "ring", RING.tolist()
    assert planes(tmp_path / "out/a.dcm") == {0x6000: expected, 0x6002: expected}


def test_embed_has_the_boxes_around_the_parts(ringed, tmp_path):
    overlay(ringed, tmp_path / "rois", extract="embed")
    text = (tmp_path / "rois/a.csv").read_text()
    assert '"[[0,0,3,3],[1,4,2,5]]"' in text


@pytest.mark.parametrize("form", ["png", "npy", "nii"])
def test_masks_hold_what_the_plane_does_and_find_their_image(ringed, tmp_path, form):
    (result,) = overlay(ringed, tmp_path / "masks", extract=form, names="uid")
    (path,) = map(Path, result.outputs)
    assert path.name.startswith("1.2.5_0.")
    read = {
        "png": lambda: np.asarray(Image.open(path)) // 255,
        "npy": lambda: np.load(path),
        "nii": lambda: np.asarray(nibabel.load(path).dataobj)[:, :, 0].T,
    }
    assert read[form]().tolist() == RING.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a volume without a place
        overlay(ringed, tmp_path / "out", annotations=tmp_path / "masks")
    assert planes(tmp_path / "out/a.dcm")[0x6002] == ("", RING.tolist())


def test_masks_that_are_there_count_as_finished_if_they_are_the_same(ringed, tmp_path):
    # A picture that is called like the file is no mask of it.
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(b"a picture")
    (first,) = overlay(ringed, tmp_path / "masks", extract="png")
    (again,) = overlay(ringed, tmp_path / "masks", extract="png")
    assert (again.status, again.reason) == (Status.SKIPPED, "finished before")
    Path(first.outputs[0]).write_bytes(b"of another image")
    (other,) = overlay(ringed, tmp_path / "masks", extract="png")
    assert other.status is Status.FAILED
    assert other.reason.startswith("there is another file of that name")
    assert Path(first.outputs[0]).read_bytes() == b"of another image"


def test_what_lies_outside_the_image_is_counted(tmp_path):
    (tmp_path / "in").mkdir()
    dataset = with_plane(image(3, 5, PixelData=bytes(30)), np.ones((2, 3)), origin=(0, 5))
    (tmp_path / "in/a.dcm").write_bytes(part10(dataset))
    (result,) = overlay(tmp_path / "in", tmp_path / "out", extract="npy")
    # Rows -1 and 0 of the image, columns 4 to 6: one pixel is on it.
    assert np.argwhere(np.load(result.outputs[0])).tolist() == [[0, 4]]
    assert result.figures == {"planes": 1, "outside": 5}
    assert result.reason == "5 pixels of group 6000 lie outside the image"


@pytest.mark.parametrize(("frames", "outside"), [(1, 5), (None, 3)])
def test_what_lies_outside_is_counted_once_for_each_plane(tmp_path, frames, outside):
    (tmp_path / "in").mkdir()
    bits = np.array([[[1, 1, 1]], [[0, 1, 1]]])
    # Two planes for two frames, or one for both, right of the image.
    dataset = image(1, 2, NumberOfFrames=2, PixelData=bytes(8))
    with_plane(dataset, bits if frames else bits[0], frames=frames, origin=(1, 3))
    (tmp_path / "in/a.dcm").write_bytes(part10(dataset))
    (result,) = overlay(tmp_path / "in", tmp_path / "out", extract="npy")
    assert result.figures["outside"] == outside


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(1, 7), st.integers(1, 11)),
    plane=st.tuples(st.integers(1, 9), st.integers(1, 13)),
    origin=st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    seed=st.integers(0, 2**32 - 1),
)
def test_planes_of_any_origin_lie_where_they_say(tmp_path_factory, size, plane, origin, seed):
    folder = tmp_path_factory.mktemp("origin")
    (folder / "in").mkdir()
    bits = np.random.default_rng(seed).random(plane) < 0.5
    dataset = image(*size, PixelData=bytes(2 * size[0] * size[1]))
    (folder / "in/a.dcm").write_bytes(part10(with_plane(dataset, bits, origin=origin)))
    (result,) = overlay(folder / "in", folder / "out", extract="npy")
    found = np.load(result.outputs[0]).astype(bool)
    # Pixel by pixel, counted from 1 as the file does.
    expected, outside = np.zeros(size, bool), 0
    for row, column in np.argwhere(bits).tolist():
        y, x = origin[0] + row, origin[1] + column
        if 1 <= y <= size[0] and 1 <= x <= size[1]:
            expected[y - 1, x - 1] = True
        else:
            outside += 1
    assert found.tolist() == expected.tolist()
    assert result.figures.get("outside", 0) == outside


def test_planes_in_unused_bits_of_pixels_are_taken_out(tmp_path):
    (tmp_path / "in").mkdir()
    stored = np.arange(15, dtype="<u2")
    stored[[3, 14]] |= 1 << 12
    dataset = image(3, 5, BitsStored=12, HighBit=11, PixelData=stored.tobytes())
    dataset.add_new(0x60000010, "US", 3)
    dataset.add_new(0x60000011, "US", 5)
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 12)
    (tmp_path / "in/a.dcm").write_bytes(part10(dataset))
    (result,) = overlay(tmp_path / "in", tmp_path / "out", extract="npy")
    assert np.argwhere(np.load(result.outputs[0])).tolist() == [[0, 3], [2, 4]]


def test_frames_of_a_volume_have_their_place(tmp_path):
    (tmp_path / "in").mkdir()
    bits = np.zeros((2, 3, 5))
    bits[1, 2, 4] = 1
    dataset = image(3, 5, NumberOfFrames=2, PixelData=bytes(60))
    (tmp_path / "in/a.dcm").write_bytes(part10(with_plane(dataset, bits, frames=1)))
    (result,) = overlay(tmp_path / "in", tmp_path / "out", extract="nii")
    found = nibabel.load(result.outputs[0])
    assert np.argwhere(np.asarray(found.dataobj)).tolist() == [[4, 2, 1]]
    assert found.header.get_sform(coded=True)[1] == 0


def test_a_plane_over_all_frames_is_an_roi_of_all(tmp_path):
    (tmp_path / "in").mkdir()
    dataset = image(3, 5, NumberOfFrames=2, PixelData=bytes(60))
    (tmp_path / "in/a.dcm").write_bytes(part10(with_plane(dataset, RING)))
    (result,) = overlay(tmp_path / "in", tmp_path / "out", extract="json")
    (stored,) = json.loads(Path(result.outputs[0]).read_text())["files"]
    assert len(stored["rois"]) > 0
    assert all(roi.get("frames", "all") == "all" for roi in stored["rois"])


@pytest.mark.parametrize("moved_mm", [0.005, 0.5])
def test_frames_at_uneven_distances_have_no_place_in_a_volume(tmp_path, moved_mm):
    source = Path(__file__).parents[2] / "fixtures/ct-enhanced/chest-abdomen.dcm"
    dataset = pydicom.dcmread(source)
    frame = dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0]
    x, y, z = frame.ImagePositionPatient
    frame.ImagePositionPatient = [x, y, f"{float(z) + moved_mm:.4f}"]
    with_plane(dataset, np.ones((dataset.Rows, dataset.Columns)))
    dataset.save_as(tmp_path / "a.dcm")
    (result,) = overlay(tmp_path / "a.dcm", tmp_path / "out", extract="nii")
    # A hundredth of a millimetre is what scanners round away.
    assert result.status == ("done" if moved_mm < 0.01 else "failed")
    assert ("even distances" in result.reason) == (moved_mm > 0.01)


def test_the_place_of_a_slice_is_in_its_volume(study, rois, tmp_path):
    overlay(study, tmp_path / "copies", annotations=rois)
    (result,) = overlay(tmp_path / "copies/d.dcm", tmp_path / "masks", extract="nii")
    affine = nibabel.load(result.outputs[0]).affine
    # Column 3, row 2 of the slice, by hand: x = -10 + 3 * 0.5, y = 20 + 2 * 3, in RAS.
    assert (affine @ [3, 2, 0, 1]).tolist() == [8.5, -26, 30, 1]


def test_files_without_planes_are_skipped(study, tmp_path):
    results = overlay(study, tmp_path / "out", extract="png")
    assert {each.status for each in results} == {Status.SKIPPED}
    assert {each.reason for each in results} == {"it has no overlay planes"}


@settings(max_examples=25)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 19)),
    frames=st.integers(1, 4),
    groups=st.integers(1, 3),
    noise=st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 0.9])),
)
def test_planes_taken_out_and_put_in_again_are_the_same(
    tmp_path_factory, size, frames, groups, noise
):
    folder = tmp_path_factory.mktemp("planes")
    (folder / "in").mkdir()
    seed, density = noise
    rows, columns = size
    dataset = image(rows, columns, PixelData=bytes(2 * rows * columns * frames))
    dataset.NumberOfFrames = frames
    masks = np.random.default_rng(seed).random((groups, frames, rows, columns)) < density
    for number, bits in enumerate(masks):
        group = 0x6000 + 2 * number
        with_plane(dataset, bits, group, frames=1, label=f"label {number}")
    (folder / "in/a.dcm").write_bytes(part10(dataset))
    (taken,) = overlay(folder / "in", folder / "rois", extract="json")
    if not masks.any():
        assert taken.reason == "its overlay planes are empty"
        return
    overlay(folder / "in", folder / "out", annotations=folder / "rois")
    for frame in range(frames):
        found = planes(folder / "out/a.dcm", frame)
        again = {
            label: bits for group, (label, bits) in found.items() if group >= 0x6000 + 2 * groups
        }
        for number, bits in enumerate(masks[:, frame]):
            expected = bits.astype(int).tolist()
            nothing = np.zeros(size, int).tolist()
            assert again.get(f"label {number}", nothing) == expected


# The command line


def test_a_run_ends_with_what_was_lost_and_a_report(study, rois, tmp_path, capsys):
    report = tmp_path / "report.jsonl"
    arguments = ["overlay", str(study), "-a", str(rois), "-o", str(tmp_path / "out"), "-j", "1"]
    assert run([*arguments, "--report", str(report)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "dcmview: warning: 2 ROI(s) have no inside and are not drawn" in captured.err
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["status"] for line in lines] == ["skipped", "skipped", "done", "done"]
    assert run([*arguments, "--lines", "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert list(hashes(tmp_path / "out")) == ["c.dcm", "d.dcm", "inner/a.dcm"]


def test_of_very_many_warnings_the_first_are_told(study, tmp_path, capsys):
    files = {(f"9.{n}", f"/x/{n}.dcm"): (box("a"),) for n in range(50)}
    files["1.2.3.0", study / "d.dcm"] = (box("a", 0, 0, 1, 1),)
    arguments = ["overlay", str(study), "-a", str(native(tmp_path, files)), "-j", "1", "-o"]
    assert run([*arguments, str(tmp_path / "out")]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(told) == 21
    assert told[-1] == "dcmview: warning: and 30 more of the kind above"
    assert run([*arguments, str(tmp_path / "quiet"), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-a", "x"], "--output-dir is missing"),
        (["-o", "out"], "--annotations is missing"),
        (
            ["-o", "out", "--extract", "png", "-a", "x"],
            "--annotations makes no sense with --extract",
        ),
        (["-o", "out", "--extract", "png", "--crop"], "--crop makes no sense with --extract"),
        (["-o", "out", "--extract", "gif"], "--extract must be one of json"),
        (["-o", "out", "-a", "x", "--type", "Q"], "--type must be one of R, G"),
    ],
)
def test_options_that_make_no_sense_are_refused(study, arguments, message, capsys):
    assert run(["overlay", str(study), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_bad_file_does_not_end_the_run(study, rois, tmp_path):
    content = bytearray((study / "d.dcm").read_bytes())
    content[content.index(b"\x10\x00\x20\x00LO") + 4] = ord("?")
    (study / "d.dcm").write_bytes(content)
    options = ["-a", rois, "-o", tmp_path / "out"]
    command = [sys.executable, "-m", "dcmview", "overlay", study, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 4
    assert "no such VR" in ended.stderr
    assert list(hashes(tmp_path / "out")) == ["inner/a.dcm"]


def test_frames_that_say_where_they_lie_go_to_nifti_and_back(tmp_path):
    source = Path(__file__).parents[2] / "fixtures/ct-enhanced/chest-abdomen.dcm"
    dataset = pydicom.dcmread(source, stop_before_pixels=True)
    frames = dataset.PerFrameFunctionalGroupsSequence
    roi = box("a", 3, 5, 40, 20, frames=(1, 2, 4), label="7")
    path = native(tmp_path, {(str(dataset.SOPInstanceUID), source): (roi,)})
    (put,) = overlay(source, tmp_path / "out", annotations=path)
    (taken,) = overlay(put.outputs[0], tmp_path / "masks", extract="nii", names="uid")
    volume = nibabel.load(taken.outputs[0])
    for number, frame in enumerate(frames):
        x, y, z = map(float, frame.PlanePositionSequence[0].ImagePositionPatient)
        assert np.allclose(volume.affine @ [0, 0, number, 1], [-x, -y, z, 1], atol=1e-3)
    (again,) = overlay(source, tmp_path / "again", annotations=taken.outputs[0], label="7")
    for number in range(len(frames)):
        assert planes(again.outputs[0], number) == planes(put.outputs[0], number)
    assert planes(put.outputs[0], 4)
    assert not planes(put.outputs[0], 5)
