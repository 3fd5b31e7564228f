"""Copies with overlay planes: every other byte stays, and others read what is in them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from support.datasets import image, item, part10
from support.dciodvfy import problems
from support.pixel_files import pixel_file_named
from support.rois import box

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.dicom.instance import open_instance, scan_instance
from dcmview.dicom.overlays import overlay_groups, read_overlays
from dcmview.dicom.source import open_source
from dcmview.errors import FileChanged, Unreadable
from dcmview.exchange import overlay_copy
from dcmview.exchange.overlay_copy import OverlayCopy
from dcmview.exchange.planes import PlaneStyle, border_of, planes_of
from dcmview.exchange.raster import mask_of
from dcmview.library import Library, LibrarySettings
from dcmview.model import SharedHeader
from dcmview.registry.opening import open_entry
from dcmview.registry.registry import Entry

SYNTAXES = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.DeflatedExplicitVRLittleEndian,
]


def listed(path, index=0):
    with open_source(str(path)) as source:
        instance = scan_instance(source, str(path))
    return Entry(index, str(path), instance.stamp, instance.header)


def copied(path, *rois, uid="", **style):
    entry = listed(path)
    with open_entry(entry) as source:
        planes = planes_of(entry.header.shared, rois, PlaneStyle(**style))
        copy = OverlayCopy(source, planes, sop_instance_uid=uid)
        target = Path(path).with_name("copy.dcm")
        with target.open("wb") as stream:
            copy.write(source, stream.fileno())
        assert b"".join(copy.pieces(source)) == target.read_bytes()
    return target


def ours(path, frame_index=0):
    return {
        plane.summary.group: (plane.summary.label, plane.bits.astype(int).tolist())
        for plane in read_overlays(open_instance(str(path)), frame_index)
    }


def ring(**more):
    return Roi(id="e", kind="ellipse", points=(ImagePoint(1, 1), ImagePoint(7, 6)), **more)


def blob(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def put(folder, dataset, syntax=uid.ExplicitVRLittleEndian, name="a.dcm"):
    path = folder / name
    path.write_bytes(part10(dataset, syntax))
    return path


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_copy_differs_by_its_planes_alone(tmp_path, syntax):
    path = put(tmp_path, image(7, 9, PixelData=bytes(range(126))), syntax)
    target = copied(path, ring(label="mass", group="reader"))
    before, after = pydicom.dcmread(path), pydicom.dcmread(target)
    assert after.file_meta == before.file_meta
    assert {
        f"{element.tag:08X}": element.value for element in after if element.tag not in before
    } == {
        "60000010": 7,
        "60000011": 9,
        "60000022": "reader",
        "60000040": "R",
        "60000050": [1, 1],
        "60000100": 1,
        "60000102": 0,
        "60001500": "mass",
        "60003000": after[0x60003000].value,
    }
    assert {element.tag: element.value for element in before}.items() <= {
        element.tag: element.value for element in after
    }.items()
    assert after.overlay_array(0x6000).tolist() == mask_of(ring(), 7, 9).astype(int).tolist()
    assert ours(target) == {0x6000: ("mass", mask_of(ring(), 7, 9).astype(int).tolist())}


def test_every_byte_of_the_file_is_in_the_copy_in_one_piece(tmp_path):
    path = put(tmp_path, image(7, 9, PixelData=bytes(range(126))))
    before, after = path.read_bytes(), copied(path, ring()).read_bytes()
    place = after.index(b"\x00\x60\x10\x00US")
    added = len(after) - len(before)
    assert after[:place] + after[place + added :] == before
    # 63 bits need 8 bytes.
    assert after[place + added - 20 : place + added - 8] == b"\x00\x60\x00\x30OW\0\0\x08\0\0\0"


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "JPEG2000.dcm",
        "JPEG-lossy.dcm",
        "SC_rgb_rle_2frame.dcm",
        "US1_J2KR.dcm",
        "image_dfl.dcm",
        "MR-SIEMENS-DICOM-WithOverlays.dcm",
        "examples_overlay.dcm",
        "eCT_Supplemental.dcm",
    ],
)
def test_real_files_keep_their_pixels_and_get_a_plane(tmp_path, name):
    path = tmp_path / "a.dcm"
    shutil.copy(get_testdata_file(name, download=False), path)
    shared, hash_before = listed(path).header.shared, blob(path)
    roi = Roi(
        kind="polygon",
        points=tuple(
            ImagePoint(x * shared.columns, y * shared.rows)
            for x, y in [(0.1, 0.1), (0.9, 0.2), (0.5, 0.95)]
        ),
        label="x",
    )
    target = copied(path, roi)
    assert blob(path) == hash_before
    before, after = (pydicom.dcmread(each, force=True) for each in (path, target))
    for element in before:
        assert after[element.tag] == element
    (added,) = overlay_groups(after) - overlay_groups(before)
    expected = mask_of(roi, shared.rows, shared.columns).astype(int).tolist()
    assert after.overlay_array(added).tolist() == expected
    assert ours(target)[added] == ("x", expected)
    command = ["dcmdump", "-q", "+P", f"{added:04x},1500", target]
    dump = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "OverlayLabel" in dump.stdout
    assert not dump.stderr


def test_a_deflated_copy_is_of_an_even_length(tmp_path):
    path = put(tmp_path, image(), uid.DeflatedExplicitVRLittleEndian)
    padding = []
    for count in range(1, 9):
        content = copied(
            path, box("a", 0, 0, 1, 1, label="AB" * count + "CDEFGHIJ"[:count])
        ).read_bytes()
        meta = pydicom.filereader.read_file_meta_info(path.with_name("copy.dcm"))
        packed = content[meta.FileMetaInformationGroupLength + 144 :]
        stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        assert stream.decompress(packed)
        assert len(packed) % 2 == 0
        padding.append(stream.unused_data)
    assert set(padding) == {b"", b"\0"}


def test_sequences_without_a_length_are_gone_through(tmp_path):
    inner = item(CodeValue="1", PurposeOfReferenceCodeSequence=item(CodeValue="2"))
    dataset = image(2, 3, ReferencedImageSequence=inner)
    for sequence in (dataset, inner[0]):
        for element in sequence:
            if element.VR == "SQ":
                element.is_undefined_length = True
                element.value[0].is_undefined_length_sequence_item = True
    path = put(tmp_path, dataset)
    # A sequence of VR UN is in implicit VR: one item with a CS in it.
    unknown = (
        b"\x09\x10\x01\x10UN\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
        b"\x08\x00\x60\x00\x02\x00\x00\x00CT\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    )
    content = path.read_bytes()
    place = content.index(b"\x28\x00\x02\x00US")
    path.write_bytes(content[:place] + unknown + content[place:])
    assert content.count(b"\xff\xff\xff\xff") == 4
    assert ours(copied(path, box("a", 0, 0, 1, 1))) == {0x6000: ("", [[1, 0, 0], [0, 0, 0]])}


def test_labels_and_layers_have_a_plane_each(tmp_path):
    path = put(tmp_path, image(5, 5, PixelData=bytes(50)))
    target = copied(
        path,
        box("a", 0, 0, 1, 1, label="mass"),
        box("b", 2, 2, 3, 3, label="mass"),
        box("c", 0, 0, 5, 5, label="cyst"),
        box("d", 1, 0, 2, 1, label="mass", group="model"),
    )
    planes = ours(target)
    assert {group: label for group, (label, _) in planes.items()} == {
        0x6000: "cyst",
        0x6002: "mass",
        0x6004: "mass",
    }
    assert np.argwhere(planes[0x6002][1]).tolist() == [[0, 0], [2, 2]]
    assert np.argwhere(planes[0x6004][1]).tolist() == [[0, 1]]


def test_planes_that_are_there_stay_and_keep_their_group(tmp_path):
    dataset = image(2, 3)
    for number, vr, value in [(0x10, "US", 2), (0x11, "US", 3), (0x3000, "OW", b"\x05\0")]:
        dataset.add_new((0x6002, number), vr, value)
    path = put(tmp_path, dataset)
    target = copied(path, box("a", 0, 0, 1, 1, label="x"), box("b", 0, 1, 2, 2, label="y"))
    assert ours(target) == {
        0x6000: ("x", [[1, 0, 0], [0, 0, 0]]),
        0x6002: ("", [[1, 0, 1], [0, 0, 0]]),
        0x6004: ("y", [[0, 0, 0], [1, 1, 0]]),
    }
    tags = [int(element.tag) for element in pydicom.dcmread(target)]
    assert tags == sorted(tags)


def test_frames_that_differ_have_planes_one_after_the_other(tmp_path):
    # 9 bits a frame: the second plane begins within a byte.
    path = put(tmp_path, image(3, 3, NumberOfFrames=5, PixelData=bytes(90)))
    target = copied(path, box("a", 0, 0, 1, 1, frames=(1,)), box("b", 1, 1, 3, 2, frames=(1, 3)))
    dataset = pydicom.dcmread(target)
    assert (dataset[0x60000015].value, dataset[0x60000051].value) == (3, 2)
    first, none, last = dataset.overlay_array(0x6000).tolist()
    assert first == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert none == [[0, 0, 0]] * 3
    assert last == [[0, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert [bool(ours(target, frame)) for frame in range(5)] == [False, True, True, True, False]
    assert ours(target, 3)[0x6000][1] == last


def test_a_plane_of_which_a_part_is_on_all_frames_has_all_of_them(tmp_path):
    path = put(tmp_path, image(1, 3, NumberOfFrames=4, PixelData=bytes(24)))
    everywhere = Roi(
        id="e", kind="rectangle", points=(ImagePoint(0, 0), ImagePoint(1, 1)), frames="all"
    )
    target = copied(path, box("a", 2, 0, 3, 1, frames=(1, 2)), everywhere)
    dataset = pydicom.dcmread(target)
    assert (dataset[0x60000015].value, dataset[0x60000051].value) == (4, 1)
    rows = [row for (row,) in dataset.overlay_array(0x6000).tolist()]
    assert rows == [[1, 0, 0], [1, 0, 1], [1, 0, 1], [1, 0, 0]]


def test_one_plane_lies_over_all_frames(tmp_path):
    path = put(tmp_path, image(3, 3, NumberOfFrames=2, PixelData=bytes(36)))
    target = copied(path, box("a", 0, 0, 1, 1))
    assert 0x60000015 not in pydicom.dcmread(target)
    assert ours(target, 0) == ours(target, 1) != {}


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    frames=st.integers(2, 17),
    used=st.sets(st.integers(0, 16), min_size=1),
    data=st.data(),
)
def test_planes_of_any_size_are_packed_as_pydicom_unpacks_them(
    tmp_path_factory, size, frames, used, data
):
    rows, columns = size
    used = tuple(sorted(frame for frame in used if frame < frames)) or (0,)
    right, bottom = data.draw(st.integers(1, columns)), data.draw(st.integers(1, rows))
    dataset = image(
        rows, columns, NumberOfFrames=frames, PixelData=bytes(rows * columns * frames * 2)
    )
    path = put(tmp_path_factory.mktemp("planes"), dataset)
    roi = box("a", 0, 0, right, bottom, frames=used)
    copy = pydicom.dcmread(copied(path, roi))
    planes = copy.overlay_array(0x6000).reshape(-1, rows, columns)
    first = copy[0x60000051].value - 1
    for number, plane in enumerate(planes, start=first):
        expected = mask_of(roi, rows, columns) if number in used else np.zeros((rows, columns))
        assert plane.tolist() == expected.astype(int).tolist()
    assert range(first, first + len(planes)) == range(used[0], used[-1] + 1)
    assert len(copy[0x60003000].value) == -(-rows * columns * len(planes) // 16) * 2


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 19)),
    frames=st.integers(1, 5),
    boxes=st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 18), st.integers(1, 4), st.integers(1, 9)),
        min_size=1,
        max_size=3,
    ),
)
def test_cropped_planes_show_what_whole_ones_do(tmp_path_factory, size, frames, boxes):
    rows, columns = size
    rois = [
        box(f"r{n}", x, y, min(x + width, columns), min(y + height, rows), frames=(n % frames,))
        for n, (y, x, height, width) in enumerate(boxes)
        if x < columns and y < rows
    ]
    pixels = bytes(2 * rows * columns * frames)
    path = put(
        tmp_path_factory.mktemp("crop"),
        image(rows, columns, NumberOfFrames=frames, PixelData=pixels),
    )
    dataset = pydicom.dcmread(copied(path, *rois, crop=True))
    if not rois:
        assert not overlay_groups(dataset)
        return
    plane = dataset.overlay_array(0x6000)
    plane = plane.reshape(-1, *plane.shape[-2:])
    top, left = (value - 1 for value in dataset[0x60000050].value)
    first = dataset[0x60000051].value - 1 if 0x60000051 in dataset else 0
    for frame in range(frames):
        expected = np.zeros(size, bool)
        for roi in rois:
            if frame in roi.frames:
                expected |= mask_of(roi, rows, columns)
        found = np.zeros(size, bool)
        if first <= frame < first + len(plane):
            bits = plane[frame - first]
            found[top : top + bits.shape[0], left : left + bits.shape[1]] = bits
        assert found.tolist() == expected.tolist()
    # Nothing around: a ROI touches each side.
    together = plane.any(axis=0)
    for side in (together[0], together[-1], together[:, 0], together[:, -1]):
        assert side.any()


@pytest.mark.parametrize(
    ("charset", "written"),
    [("", b"M?sse ???"), ("ISO_IR 100", b"M\xe4sse ???"), ("ISO_IR 192", "Mässe 腫瘤?".encode())],
)
def test_labels_are_written_in_the_characters_of_the_file(tmp_path, charset, written):
    dataset = image(2, 3)
    if charset:
        dataset.SpecificCharacterSet = charset
    target = copied(put(tmp_path, dataset), box("a", 0, 0, 1, 1, label="Mässe 腫瘤\\"))
    place = target.read_bytes().index(b"\x00\x60\x00\x15LO")
    length = len(written) + len(written) % 2
    found = target.read_bytes()[place + 8 : place + 8 + length]
    assert found == written.ljust(length)


def test_a_long_label_is_cut_to_what_an_overlay_label_holds(tmp_path):
    path = put(tmp_path, image(PixelData=bytes(32)))
    dataset = pydicom.dcmread(copied(path, box("a", 0, 0, 1, 1, label="abcdefgh" * 9)))
    assert dataset[0x60001500].value == "abcdefgh" * 8  # PS3.5 6.2: 64 characters of an LO


def test_labels_in_japanese_end_in_the_character_set_with_which_they_began(tmp_path):
    dataset = image(2, 3, SpecificCharacterSet=["", "ISO 2022 IR 87"])
    target = copied(put(tmp_path, dataset), box("a", 0, 0, 1, 1, label="山田"))
    # The bytes are those of the example in PS3.5 H.3.1.
    assert b"LO\x0a\x00\x1b$B;3ED\x1b(B" in target.read_bytes()
    assert pydicom.dcmread(target)[0x60001500].value == "山田"


def test_labels_in_chinese_say_which_character_set_they_are_in(tmp_path):
    dataset = image(2, 3, SpecificCharacterSet=["", "ISO 2022 IR 58"])
    target = copied(put(tmp_path, dataset), box("a", 0, 0, 1, 1, label="张小东"))
    # The bytes of the characters are those of the example in PS3.5 K.3.
    assert b"LO\x0a\x00\x1b$)A\xd5\xc5\xd0\xa1\xb6\xab" in target.read_bytes()
    assert pydicom.dcmread(target)[0x60001500].value == "张小东"


def test_dcmtk_draws_the_plane_where_it_belongs(tmp_path):
    path = put(tmp_path, image(7, 9, PixelData=bytes(126), WindowCenter=100, WindowWidth=200))
    target, picture = copied(path, ring()), tmp_path / "out.pgm"
    subprocess.run(["dcm2pnm", "+O", "1", "+Omr", target, picture], check=True, capture_output=True)
    drawn = np.asarray(Image.open(picture))
    assert (drawn == drawn.max()).tolist() == mask_of(ring(), 7, 9).tolist()


def test_dcmtk_draws_planes_of_frames_on_theirs(tmp_path):
    path = put(
        tmp_path,
        image(7, 9, NumberOfFrames=3, PixelData=bytes(378), WindowCenter=100, WindowWidth=200),
    )
    target = copied(path, ring(frames=(1,)), box("a", 0, 0, 1, 1, frames=(2,)))
    drawn = []
    for frame in ("1", "2", "3"):
        picture = tmp_path / "out.pgm"
        command = ["dcm2pnm", "+F", frame, "+O", "1", "+Omr", target, picture]
        subprocess.run(command, check=True, capture_output=True)
        drawn.append((np.asarray(Image.open(picture)) > 0).tolist())
    corner = np.zeros((7, 9), bool)
    corner[0, 0] = True
    assert drawn == [
        np.zeros((7, 9), bool).tolist(),
        mask_of(ring(), 7, 9).tolist(),
        corner.tolist(),
    ]


@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize(
    "corners", [[(2.2, 1.9), (9, 3), (5, 8.6)], [(1, 6.3), (8.4, 6), (7, 1.2)]]
)
def test_a_plane_of_an_outline_with_tips_can_be_cropped(corners, outline):
    # Its outermost rows and columns hold no centre of a pixel.
    roi = Roi(id="a", kind="polygon", points=tuple(ImagePoint(*corner) for corner in corners))
    header = SharedHeader(rows=11, columns=13, frame_count=1)
    (plane,) = planes_of(header, [roi], PlaneStyle(crop=True, outline=outline))
    mask = mask_of(roi, 11, 13)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    expected = border_of(part) if outline else part
    assert plane.origin == (rows[0] + 1, columns[0] + 1)
    assert plane.bits(0).tolist() == expected.tolist()
    packed = np.frombuffer(b"".join(plane.packed()), np.uint8)
    bits = np.unpackbits(packed, bitorder="little")[: part.size]
    assert bits.tolist() == expected.ravel().astype(int).tolist()


def test_a_seventeenth_plane_finds_no_group(tmp_path):
    entry = listed(put(tmp_path, image(2, 3)))
    rois = [box(f"r{n}", 0, 0, 1, 1, label=f"{n:02}") for n in range(17)]
    with open_entry(entry) as source:
        copy = OverlayCopy(source, planes_of(entry.header.shared, rois))
    assert list(copy.groups) == list(range(0x6000, 0x6020, 2))
    assert [plane.label for plane in copy.left_out] == ["16"]


def test_what_the_system_takes_in_parts_is_written_all_the_same(tmp_path, monkeypatch):
    path = put(tmp_path, image(2, 3))
    whole = copied(path, box("a", 0, 0, 1, 1)).read_bytes()
    write = os.writev
    monkeypatch.setattr(os, "writev", lambda descriptor, pieces: write(descriptor, pieces[:2]))
    assert copied(path, box("a", 0, 0, 1, 1)).read_bytes() == whole


def test_a_file_too_long_to_be_held_is_copied_in_pieces(tmp_path, monkeypatch):
    path = put(tmp_path, image(2, 3))
    whole = copied(path, box("a", 0, 0, 1, 1)).read_bytes()
    monkeypatch.setattr(overlay_copy, "_HELD_BYTES", 64)
    monkeypatch.setattr(overlay_copy, "_PIECE_BYTES", 50)
    assert copied(path, box("a", 0, 0, 1, 1)).read_bytes() == whole


def test_a_file_that_changed_is_not_copied(tmp_path):
    path = put(tmp_path, image(2, 3))
    entry = listed(path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(FileChanged), open_entry(entry) as source:
        OverlayCopy(source, [])


def test_a_header_that_cannot_be_followed_is_refused(tmp_path):
    path = put(tmp_path, image(2, 3))
    content = bytearray(path.read_bytes())
    content[content.index(b"\x28\x00\x10\x00US") + 4] = ord("?")
    path.write_bytes(content)
    match = r"damaged at \(0028,0010\): no such VR"
    with open_source(str(path)) as source, pytest.raises(Unreadable, match=match):
        OverlayCopy(source, [])


def test_an_archive_says_what_its_copies_hold_and_what_could_not_be_copied(tmp_path):
    whole = put(tmp_path, image(2, 3, SOPInstanceUID="1.2.1"), name="0.dcm")
    gone = put(tmp_path, image(2, 3, SOPInstanceUID="1.2.2"), name="1.dcm")
    put(tmp_path, image(2, 3, SOPInstanceUID="1.2.3"), name="2.dcm")
    library = Library(LibrarySettings(paths=(str(tmp_path),)))
    library.start_scan()
    assert library.wait_scan(30)
    for index in (0, 1):
        rois = [box("a", 0, 0, 1, 1, label="mass")]
        library.rois.replace(index, msgspec.to_builtins(rois))
    gone.unlink()
    content = library.exchange.export("overlays").whole()
    library.close()
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.namelist() == ["1.2.1.dcm", "overlays.json"]
    copy = pydicom.dcmread(io.BytesIO(archive.read("1.2.1.dcm")))
    assert copy.overlay_array(0x6000).tolist() == [[1, 0, 0], [0, 0, 0]]
    first, second = json.loads(archive.read("overlays.json"))["files"]
    assert first == {
        "path": str(whole),
        "sop_instance_uid": "1.2.1",
        "name": "1.2.1.dcm",
        "planes": [{"label": "mass", "layer": "", "group": "6000"}],
    }
    assert second["reason"].startswith("the file is gone")
    assert second["left_out"] == [{"label": "mass", "layer": ""}]


def test_a_cropped_plane_begins_where_its_rois_do(tmp_path):
    path = put(tmp_path, image(9, 11, PixelData=bytes(198)))
    target = copied(path, box("a", 3, 2, 6, 4), box("b", 8, 5, 9, 7), crop=True)
    dataset = pydicom.dcmread(target)
    assert (dataset[0x60000010].value, dataset[0x60000011].value) == (5, 6)
    # Row and column count from 1.
    assert dataset[0x60000050].value == [3, 4]
    assert dataset.overlay_array(0x6000).tolist() == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1],
    ]


def test_a_cropped_plane_begins_no_later_than_its_origin_can_say(tmp_path):
    path = put(tmp_path, image(40000, 1, PixelData=bytes(80000)))
    target = copied(path, box("a", 0, 35000, 1, 35002), crop=True)
    dataset = pydicom.dcmread(target)
    # SS ends at 32767, which is the row of index 32766.
    assert dataset[0x60000050].value == [32767, 1]
    assert dataset[0x60000010].value == 35002 - 32766
    assert [row for row, (bit,) in enumerate(ours(target)[0x6000][1]) if bit] == [2234, 2235]


def test_planes_begin_at_the_last_frame_that_an_origin_can_say(tmp_path):
    path = put(tmp_path, image(1, 1, NumberOfFrames=70000, PixelData=bytes(140000)))
    target = copied(path, box("a", 0, 0, 1, 1, frames=(69000,)))
    dataset = pydicom.dcmread(target)
    # US ends at 65535, which is the frame of index 65534.
    assert (dataset[0x60000015].value, dataset[0x60000051].value) == (69000 - 65533, 65535)
    shown = [ours(target, frame)[0x6000][1] for frame in (65534, 68999, 69000)]
    assert shown == [[[0]], [[0]], [[1]]]


def test_dcmtk_draws_a_cropped_plane_where_a_whole_one_is(tmp_path):
    path = put(tmp_path, image(9, 11, PixelData=bytes(198), WindowCenter=100, WindowWidth=200))
    drawn = []
    for crop in (False, True):
        target, picture = copied(path, ring(), crop=crop), tmp_path / "out.pgm"
        command = ["dcm2pnm", "+O", "1", "+Omr", target, picture]
        subprocess.run(command, check=True, capture_output=True)
        drawn.append(np.asarray(Image.open(picture)).tolist())
    assert drawn[0] == drawn[1]
    assert np.count_nonzero(drawn[0]) == np.count_nonzero(mask_of(ring(), 9, 11))


def test_nothing_to_crop_to_is_the_first_pixel(tmp_path):
    path = put(tmp_path, image(9, 11, PixelData=bytes(198)))
    dataset = pydicom.dcmread(copied(path, box("a", 3.6, 2.6, 4.4, 3.4), crop=True))
    assert dataset[0x60000050].value == [1, 1]
    assert dataset[0x60003000].value == b"\0\0"


def test_all_rois_can_share_a_plane(tmp_path):
    path = put(tmp_path, image(2, 3))
    rois = [
        box("a", 0, 0, 1, 1, label="mass", group="reader"),
        box("b", 1, 1, 2, 2, label="cyst"),
    ]
    target = copied(path, *rois, one_plane=True)
    assert ours(target) == {0x6000: ("cyst, mass", [[1, 0, 0], [0, 1, 0]])}
    assert pydicom.dcmread(target)[0x60000022].value == "reader"


def test_type_label_and_description_are_what_is_asked_for(tmp_path):
    path = put(tmp_path, image(2, 3))
    target = copied(path, box("a", label="x"), kind="G", label="mine", description="of me")
    dataset = pydicom.dcmread(target)
    found = [dataset[0x60000000 + number].value for number in (0x40, 0x1500, 0x22)]
    assert found == ["G", "mine", "of me"]


def test_lines_are_drawn_where_that_is_asked_for_alone(tmp_path):
    path = put(tmp_path, image(3, 5, PixelData=bytes(30)))
    points = (ImagePoint(0.5, 0.5), ImagePoint(2.5, 2.5), ImagePoint(5, 2.5))
    line = Roi(id="a", kind="polyline", points=points)
    assert ours(copied(path, line)) == {}
    assert ours(copied(path, line, lines=True)) == {
        0x6000: ("", [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    }


@pytest.mark.parametrize("crop", [False, True])
def test_an_outline_is_the_border_of_a_region(tmp_path, crop):
    path = put(tmp_path, image(5, 6, PixelData=bytes(60)))
    target = copied(path, box("a", 1, 0, 5, 4), outline=True, crop=crop)
    wanted = np.zeros((5, 6), int)
    wanted[0:4, 1:5] = [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]
    if crop:
        wanted = wanted[0:4, 1:5]
    assert ours(target) == {0x6000: ("", wanted.tolist())}


def test_rois_that_show_are_told_from_those_too_small(tmp_path):
    header = listed(put(tmp_path, image(4, 4, PixelData=bytes(32)))).header.shared
    sliver = Roi(
        kind="polygon", points=(ImagePoint(0, 0.1), ImagePoint(4, 0.2), ImagePoint(4, 0.3))
    )
    (plane,) = planes_of(header, [box("a", 0, 0, 1, 1), sliver])
    assert b"".join(plane.packed()) == b"\x01\x00"
    assert plane.drawn == {0}


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"]
)
@pytest.mark.parametrize("uid", ["1.2.3", "2.25." + "7" * 39])
def test_a_uid_of_its_own_is_all_that_differs_beside_planes(tmp_path, name, uid):
    path = tmp_path / "a.dcm"
    shutil.copy(get_testdata_file(name, download=False), path)
    before, after = pydicom.dcmread(path), pydicom.dcmread(copied(path, box("a"), uid=uid))
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID == uid
    after.SOPInstanceUID = before.SOPInstanceUID
    after.file_meta.MediaStorageSOPInstanceUID = before.SOPInstanceUID
    after.file_meta.FileMetaInformationGroupLength = before.file_meta[0x00020000].value
    assert after.file_meta == before.file_meta
    for tag in overlay_groups(after):
        for element in list(after.group_dataset(tag)):
            del after[element.tag]
    assert after == before


def test_the_length_of_the_meta_information_follows_the_uid(tmp_path):
    path = put(tmp_path, image(2, 3))
    content = copied(path, box("a", 0, 0, 1, 1), uid="2.25." + "7" * 39).read_bytes()
    (length,) = struct.unpack_from("<L", content, 140)
    # Behind it comes the data set, whose first element is the SOP Class UID.
    assert content[144 + length :].startswith(b"\x08\x00\x16\x00UI")


@pytest.mark.parametrize("name", ["693_J2KI.dcm", "ExplVR_BigEnd.dcm", "OT-PAL-8-face.dcm"])
def test_the_length_of_the_group_follows_the_uid(tmp_path, name):
    path = tmp_path / "a.dcm"
    shutil.copy(pixel_file_named(name), path)
    before = pydicom.dcmread(path, force=True)
    after = pydicom.dcmread(copied(path, box("a", 0, 0, 1, 1), uid="2.25.999"), force=True)
    old_bytes = len(before.SOPInstanceUID) + len(before.SOPInstanceUID) % 2
    assert after[0x00080000].value == before[0x00080000].value + 8 - old_bytes


def test_elements_that_are_out_of_order_are_copied_once(tmp_path):
    path = put(tmp_path, image(2, 3, SOPInstanceUID="1.2.34"))
    name, pixels = b"\x08\x00\x18\x00UI\x06\x001.2.34", b"\xe0\x7f\x10\x00OW"
    private = b"\x01\x70\x10\x00LO\x04\x00mine"
    content = path.read_bytes()
    assert content.count(name) == content.count(pixels) == 1
    content = content.replace(name, b"").replace(pixels, private + name + pixels)
    path.write_bytes(content)
    copy = copied(path, box("a", 0, 0, 1, 1), uid="2.25.99")
    after = copy.read_bytes()
    assert [after.count(each) for each in (private, name[:6], pixels)] == [1, 1, 1]
    assert after.endswith(content[content.index(pixels) :])
    assert list(ours(copy)) == [0x6000]


def test_gdcm_reads_the_plane_and_writes_it_again(tmp_path):
    path = tmp_path / "a.dcm"
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), path)
    roi = ring(label="mass")
    target = copied(path, roi)
    raw, again = tmp_path / "raw", tmp_path / "again.dcm"
    subprocess.run(["gdcmraw", "-t", "6000,3000", target, raw], check=True, capture_output=True)
    expected = np.packbits(mask_of(roi, 128, 128), bitorder="little").tobytes()
    assert raw.read_bytes() == expected
    subprocess.run(["gdcmconv", "--raw", target, again], check=True, capture_output=True)
    assert ours(again) == ours(target)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "eCT_Supplemental.dcm"])
def test_a_copy_breaks_no_rule_that_its_file_keeps(tmp_path, name):
    path = tmp_path / "a.dcm"
    shutil.copy(get_testdata_file(name, download=False), path)
    kind, before = problems(path)
    target = copied(path, box("a", 0, 0, 9, 9, label="mass"), uid="2.25.99", crop=True)
    assert (kind, before) == problems(target)
