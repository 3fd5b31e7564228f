"""ROIs as masks and back: what the maps hold, which are taken for which image, and damaged ones."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from contextlib import suppress

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.datasets import image, part10
from support.rois import box

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.errors import InvalidAnnotation, RequestError
from dcmview.exchange import mask_files, masks
from dcmview.exchange.raster import union_of
from dcmview.exchange.readers import read_table
from dcmview.library import Library, LibrarySettings

ROWS, COLUMNS = 5, 6
SINGLE, MULTI = "1.2.3.1", "1.2.3.2"


@pytest.fixture
def library(tmp_path):
    """A file of one frame and one of three."""
    pixels = bytes(ROWS * COLUMNS * 2)
    single = image(ROWS, COLUMNS, SOPInstanceUID=SINGLE, PixelData=pixels)
    multi = image(ROWS, COLUMNS, SOPInstanceUID=MULTI, NumberOfFrames=3, PixelData=pixels * 3)
    (tmp_path / "0-doe.dcm").write_bytes(part10(single))
    (tmp_path / "1-doe.dcm").write_bytes(part10(multi))
    library = Library(LibrarySettings(paths=(str(tmp_path),)))
    library.start_scan()
    assert library.wait_scan(30)
    yield library
    library.close()


def exported(library, form="masks-png"):
    archive = zipfile.ZipFile(io.BytesIO(library.exchange.export(form).whole()))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def png(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def as_png(array, mode=None):
    out = io.BytesIO()
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(out, "PNG")
    return out.getvalue()


def rois_of(library, index):
    return [
        (roi.kind, [(p.x, p.y) for p in roi.points], roi.frames, roi.label, roi.group)
        for roi in library.rois.get(index).rois
    ]


def put(library, index, *rois):
    library.rois.replace(index, msgspec.to_builtins(list(rois)))


def test_a_map_holds_the_value_of_the_label_of_each_pixel(library):
    put(library, 0, box("a", 0, 0, 2, 1, label="mass"), box("b", 3, 2, 5, 4, label="cyst"))
    members = exported(library)
    assert png(members[f"{SINGLE}_0.png"]).tolist() == [
        [2, 2, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    legend = json.loads(members["labels.json"])
    assert legend["values"] == [{"value": 1, "label": "cyst"}, {"value": 2, "label": "mass"}]
    assert [each["labels"] for each in legend["masks"]] == [["cyst", "mass"]]


def test_labels_that_overlap_and_layers_have_maps_of_their_own(library):
    put(
        library,
        0,
        box("a", 0, 0, 3, 3, label="breast"),
        box("b", 1, 1, 2, 2, label="mass"),
        box("c", 4, 4, 5, 5, label="nipple"),
        box("d", 4, 0, 5, 1, label="mass", group="model"),
    )
    members = exported(library)
    legend = json.loads(members["labels.json"])["masks"]
    assert [(each["name"], each["group"], each["labels"]) for each in legend] == [
        (f"{SINGLE}_0.png", "", ["breast", "nipple"]),
        (f"{SINGLE}_0_2.png", "", ["mass"]),
        (f"{SINGLE}_0_3.png", "model", ["mass"]),
    ]
    assert np.argwhere(png(members[f"{SINGLE}_0_2.png"])).tolist() == [[1, 1]]


def test_each_frame_has_the_rois_that_are_on_it(library):
    put(library, 1, box("a", 0, 0, 1, 1), box("b", 2, 0, 3, 1, frames=(0, 2)))
    members = exported(library, "masks-npy")
    on_frame = {
        n: np.argwhere(np.load(io.BytesIO(members[f"{MULTI}_{n}.npy"]))).tolist() for n in range(3)
    }
    assert on_frame == {0: [[0, 0], [0, 2]], 1: [[0, 0]], 2: [[0, 0], [0, 2]]}


def test_lines_and_specks_have_no_map(library):
    line = Roi(id="l", kind="length", points=(ImagePoint(0, 0), ImagePoint(5, 5)))
    put(library, 0, line, box("a", 0.6, 0.6, 0.9, 0.9))
    assert list(exported(library)) == ["labels.json"]
    preview = library.exchange.preview("masks-png")
    assert preview.lost == {
        "lengths": 1,
        "shapes as such; they become pixels": 1,
        "ROIs too small to hold the centre of a pixel": 1,
    }


def test_names_say_nothing_of_the_patient(library):
    put(library, 0, box("a", 0, 0, 2, 2, label="x"))
    assert not [name for name in exported(library) if "doe" in name]


@pytest.mark.parametrize("form", ["masks-png", "masks-npy"])
def test_masks_come_back_as_the_pixels_that_they_were(library, form):
    ring = Roi(
        id="r",
        kind="ellipse",
        points=(ImagePoint(0, 0), ImagePoint(5.5, 5)),
        label="breast",
        group="reader 1",
    )
    put(library, 1, ring, box("b", 1, 1, 2.6, 3, label="mass", frames=(1,)))
    content = library.exchange.export(form).whole()
    before = union_of([ring], ROWS, COLUMNS)
    put(library, 1)
    report = library.exchange.take_in(read_table(content, "masks.zip"))
    assert (report.format, report.added, report.left_out) == ("masks", 2, [])
    found = {roi.label: roi for roi in library.rois.get(1).rois}
    assert union_of([found["breast"]], ROWS, COLUMNS).tolist() == before.tolist()
    assert (found["breast"].frames, found["breast"].group) == ("all", "reader 1")
    assert [(p.x, p.y) for p in found["mass"].points] == [(1, 1), (3, 1), (3, 3), (1, 3)]
    assert found["mass"].frames == (1,)


def test_three_hundred_labels_take_two_bytes_a_pixel(library):
    put(library, 0, *(box(f"r{n}", 0, 0, 1, 1, label=f"{n:03}") for n in range(300)))
    members = exported(library, "masks-npy")
    last = np.load(io.BytesIO(members[f"{SINGLE}_0_300.npy"]))
    assert (last.dtype, last[0, 0]) == (np.uint16, 300)


def test_files_beside_masks_are_named_as_left_out(library):
    mask = as_png(np.eye(ROWS, COLUMNS, dtype=np.uint8))
    others = {"boxes.csv": b"file,x,y", "__MACOSX/._a.png": b"", "readme.txt": b"hello"}
    found = read_table(zipped({f"{SINGLE}.png": mask, **others}), "masks.zip")
    assert [place for place, _ in found.left_out] == ["boxes.csv", "readme.txt"]
    assert len(found.rows) == 1
    put(library, 0, box("a", 0, 0, 2, 2, label="x"))
    ours = {**exported(library), "boxes.csv": b"file,x,y"}
    found = read_table(zipped(ours), "masks.zip")
    assert found.left_out == (("boxes.csv", "is in no entry of labels.json"),)
    assert len(found.rows) == 1


def test_a_legend_with_labels_that_no_roi_can_have_is_refused(library):
    put(library, 0, box("a", 0, 0, 2, 2, label="mass"))
    members = exported(library)
    members["labels.json"] = members["labels.json"].replace(b"mass", b"m" * 257)
    with pytest.raises(InvalidAnnotation, match=r"labels\.json: Expected str of length <= 256"):
        read_table(zipped(members), "masks.zip")


def test_more_labels_than_values_are_refused_before_anything_is_sent(library, monkeypatch):
    monkeypatch.setattr(masks, "MOST_LABELS", 1)
    put(library, 0, box("a", 0, 0, 2, 1, label="x"), box("b", 3, 2, 5, 4, label="y"))
    with pytest.raises(RequestError, match="at most 1 labels apart, there are 2"):
        library.exchange.export("masks-png")


@pytest.mark.parametrize(
    ("name", "content", "frames"),
    [
        (f"{SINGLE}.png", as_png(np.eye(ROWS, COLUMNS, dtype=np.uint8) * 255), "all"),
        (f"{SINGLE}_0.png", as_png(np.eye(ROWS, COLUMNS, dtype=np.uint8)), (0,)),
        ("0-doe.png", as_png(np.eye(ROWS, COLUMNS, dtype=np.uint8) * 255, "1"), "all"),
        ("masks/0-doe.dcm.npy", npy(np.eye(ROWS, COLUMNS)), "all"),
        (f"{SINGLE}.npy", npy(np.eye(ROWS, COLUMNS, dtype=">i8", order="F")), "all"),
    ],
)
def test_masks_of_other_programs_are_known_by_their_names(library, name, content, frames):
    report = library.exchange.take_in(read_table(zipped({name: content}), "masks.zip"))
    assert (report.added, report.left_out) == (5, [])
    assert [points[0] for _, points, *_ in rois_of(library, 0)] == [(n, n) for n in range(5)]
    assert {roi[2:] for roi in rois_of(library, 0)} == {(frames, "", "")}


def test_a_stack_has_a_mask_a_frame_and_values_are_labels(library):
    stack = np.zeros((3, ROWS, COLUMNS), np.uint8)
    stack[0, 0, 0], stack[2, 1, 1] = 1, 7
    table = read_table(npy(stack), f"{MULTI}.npy")
    assert library.exchange.take_in(table).added == 2
    assert [(frames, label) for *_, frames, label, _ in rois_of(library, 1)] == [
        ((0,), "1"),
        ((2,), "7"),
    ]


def test_a_palette_of_colours_is_read_as_its_indices(library):
    picture = Image.fromarray(np.eye(ROWS, COLUMNS, dtype=np.uint8) * 3).convert("P")
    picture.putpalette([value for n in range(256) for value in (n, 255 - n, 7)])
    picture.frombytes((np.eye(ROWS, COLUMNS, dtype=np.uint8) * 3).tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG")
    table = read_table(zipped({f"{SINGLE}.png": out.getvalue()}), "masks.zip")
    assert {roi.label for row in table.rows for roi in row.rois} == {"3"}


def test_a_mask_of_another_size_than_its_image_is_left_out(library):
    report = library.exchange.take_in(read_table(npy(np.eye(4, 4)), f"{SINGLE}.npy"))
    assert report.added == 0
    assert "is of an image of 4 by 4 pixels, the file has 6 by 5" in report.left_out[0].reason


def test_what_is_no_mask_is_left_out_with_the_reason():
    colour = as_png(np.zeros((2, 2, 3), np.uint8))
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">L4s2L", 13, b"IHDR", 60_000, 60_000)
    members = {
        "colour.png": colour,
        "cut.png": colour[:40],
        "bomb.png": bomb + bytes(20),
        "text.png": b"hello",
        "half.npy": npy(np.array([[0.5]])),
        "endless.npy": npy(np.array([[np.inf]])),
        "nothing.npy": npy(np.array([[np.nan]])),
        "below.npy": npy(np.array([[-1]])),
        "objects.npy": b"\x93NUMPY\x01\x00" + npy(np.array([[1]]))[8:].replace(b"'<i8'", b"'|O' "),
        "open.npy": npy(np.eye(2)).replace(b"}", b"{"),
        "minus.npy": npy(np.eye(2)).replace(b"(2, 2), }  ", b"(-2, -2), }"),
        "short.npy": npy(np.eye(4))[:-8],
        "line.npy": npy(np.ones(3)),
        "head.npy": npy(np.eye(1)).replace(b")", b"("),
        "picture.npy": npy(np.arange(1 << 17).astype(np.uint16).reshape(32, 4096)),
        "fine.npy": npy(np.eye(1)),
    }
    table = read_table(zipped(members), "masks.zip")
    assert [row.path for row in table.rows] == ["fine.npy"]
    reasons = {each.place: each.reason for each in table.left_out}
    assert set(reasons) == set(members) - {"fine.npy"}
    assert reasons["colour.png"] == "is a colour picture; a mask has one value a pixel"
    assert reasons["bomb.png"].startswith("claims 7,200,000,000 bytes")
    assert reasons["below.npy"] == "holds values from -1 to -1; labels are 1 to 65,535"
    assert reasons["half.npy"] == "holds float64, not whole numbers"
    assert reasons["endless.npy"] == "holds values from inf to inf; labels are 1 to 65,535"
    assert reasons["nothing.npy"] == "holds what is no number; labels are 1 to 65,535"
    assert reasons["short.npy"] == "ends after 120 of 128 bytes"
    assert reasons["objects.npy"].startswith("holds object")
    assert reasons["head.npy"].startswith("is no NPY file: ")
    assert reasons["minus.npy"] == "claims the shape (-2, -2)"
    assert reasons["picture.npy"] == "has 65,535 values all over: a picture, and no mask"
    assert reasons["line.npy"].startswith("has the shape (3,)")


def test_a_picture_that_unpacks_to_far_more_than_a_mask_is_read_no_further(monkeypatch):
    monkeypatch.setattr(mask_files, "MOST_PACKED_BYTES", 1_000)
    noise = as_png(np.random.default_rng(1).integers(0, 2, (200, 200), np.uint8))
    plain = as_png(np.ones((2, 2), np.uint8))
    table = read_table(zipped({"large.png": noise, "small.png": plain}), "masks.zip")
    assert [row.path for row in table.rows] == ["small.png"]
    ((place, reason),) = table.left_out
    assert place == "large.png"
    assert reason.startswith("cannot be read: ")


def test_values_that_are_far_apart_come_back_where_they_were(library):
    mask = np.zeros((500, 7), np.uint16)
    mask[0, 0] = mask[499, 6] = 1
    mask[62:66, 1] = 2
    mask[128:, 2] = 65_535
    (row,) = read_table(npy(mask), "mask.npy").rows
    assert [(roi.label, roi.points[0], roi.points[2]) for roi in row.rois] == [
        ("1", ImagePoint(0, 0), ImagePoint(1, 1)),
        ("1", ImagePoint(6, 499), ImagePoint(7, 500)),
        ("2", ImagePoint(1, 62), ImagePoint(2, 66)),
        ("65535", ImagePoint(2, 128), ImagePoint(3, 500)),
    ]


def test_masks_without_their_legend_entry_are_said(library):
    put(library, 0, box("a", 0, 0, 2, 1, label="mass"))
    members = exported(library)
    name = f"{SINGLE}_0.png"
    lost = {"labels.json": members["labels.json"], "other.png": members[name]}
    assert read_table(zipped(lost), "masks.zip").left_out == (
        ("other.png", "is in no entry of labels.json"),
        (name, "is not in the archive"),
    )
    legend = json.loads(members["labels.json"]) | {"values": []}
    table = read_table(zipped({**members, "labels.json": json.dumps(legend)}), "masks.zip")
    assert table.left_out == ((name, "value 1 has no label in labels.json"),)


@settings(max_examples=300)
@given(st.data())
def test_damage_of_any_kind_is_told_as_such(data):
    mask = np.indices((5, 6)).sum(axis=0) % 2 == 0
    whole = {"1.2_0.png": as_png(mask), "1.3.npy": npy(mask.astype(">i4"))}
    kinds = st.sampled_from([*whole.values(), zipped(whole)])
    content = bytearray(data.draw(kinds))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    with suppress(InvalidAnnotation):
        read_table(bytes(content), "1.2_0.png", form="masks")


def test_a_damaged_archive_is_refused(library):
    put(library, 0, box("a", 0, 0, 2, 1, label="mass"))
    content = bytearray(library.exchange.export("masks-png").whole())
    content[content.index(b"IDAT") + 8] ^= 0xFF
    with pytest.raises(InvalidAnnotation, match="the archive cannot be read: Bad CRC-32"):
        read_table(bytes(content), "masks.zip")
    with pytest.raises(InvalidAnnotation, match="the archive cannot be read: "):
        read_table(bytes(content[:4] + content[31:]), "masks.zip")
