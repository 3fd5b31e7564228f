"""ROIs out and in again: what each form keeps, what it says it loses, what it takes for what."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rois import COLUMNS, IMAGE, ROWS, box, point, roi_lists, rois, texts

from dcmview.annotations.coco import CocoFile, write_coco
from dcmview.annotations.imports import fitting, with_added
from dcmview.annotations.losses import COCO, EMBED, count_losses, is_carried
from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.annotations.plain_csv import parse_columns, read_head
from dcmview.annotations.roi import ImagePoint, Roi, rectangles
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.annotations.roi_table import write_roi_table
from dcmview.annotations.triage import Mark
from dcmview.annotations.triage_csv import TriageRow, write_triage_csv
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.forms import EXPORT_FORMS
from dcmview.exchange.readers import Content, read_table

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
risky = st.sampled_from(["=1+1", "'=1+1", "''", "-1", "@x", "\t", "\r\n=x", 'a"b,c;d', " x "])


@st.composite
def risky_lists(draw):
    """ROIs whose texts are such as a spreadsheet would carry out."""
    fields = st.fixed_dictionaries(dict.fromkeys(("label", "group", "note", "author"), risky))
    return tuple(
        msgspec.structs.replace(roi, **draw(fields)) if draw(st.booleans()) else roi
        for roi in draw(roi_lists())
    )


def taken_in(table):
    """The ROIs of a table once they are those of a file that had none."""
    fitted = [fitting(row, IMAGE) for row in table.rows]
    assert not any(left_out for _, left_out in fitted)
    return with_added((), (roi for accepted, _ in fitted for roi in accepted))


@given(path=names, found=risky_lists())
def test_our_table_gives_back_every_roi_as_it_was(path, found):
    table = read_table(write_roi_table([(path, "1.2", found)]).encode(), "table")
    assert table.format == "csv"
    assert taken_in(table) == found
    assert {(row.path, row.sop_instance_uid) for row in table.rows} <= {(path, "1.2")}


@given(found=risky_lists())
def test_no_free_text_of_our_table_is_a_formula(found):
    reader = csv.DictReader(io.StringIO(write_roi_table([("=a.dcm", "=1", found)]), newline=""))
    for row in reader:
        assert row["path"] == "=a.dcm"
        for name in ("label", "group", "note", "author", "source", "sop_instance_uid"):
            assert not row[name].startswith(("=", "@", "\t", "\r", "\n"))


@given(found=roi_lists())
def test_json_gives_back_every_roi_as_it_was(found):
    table = read_table(write_native(Contents({FileKey("1.2", "/a.dcm"): found})), "json")
    assert table.format == "json"
    (row,) = table.rows
    assert (row.path, row.sop_instance_uid) == ("/a.dcm", "1.2")
    assert taken_in(table) == found


@given(found=roi_lists())
def test_embed_gives_back_boxes_with_their_frames(found):
    boxes = rectangles(found)
    table = read_table(write_roi_csv([("/a.dcm", boxes)]).encode(), "embed")
    assert table.format == "embed"
    assert rectangles(taken_in(table)) == boxes


marks = st.builds(
    Mark,
    st.sampled_from(["", "keep", "reject", "unsure"]),
    risky | texts,
    st.sampled_from(["", "2024-01-31T09:15:00Z"]),
)
marked_files = st.dictionaries(st.tuples(st.sampled_from(["", "1.2", "=1"]), names), marks)


@given(found=marked_files)
def test_tables_and_json_give_back_every_mark_as_it_was(found):
    found = {key: mark for key, mark in found.items() if mark}
    csv_rows = (TriageRow(path, uid, "1.3", mark) for (uid, path), mark in found.items())
    files = {FileKey(*key): mark for key, mark in found.items()}
    for content in (write_triage_csv(csv_rows).encode(), write_native(Contents({}, files))):
        rows = read_table(content, "x").rows
        assert {(row.sop_instance_uid, row.path): row.mark for row in rows} == found


def is_upright_box(roi):
    xs, ys = {point.x for point in roi.points}, {point.y for point in roi.points}
    return len(roi.points) == 4 and len(xs) <= 2 and len(ys) <= 2


coco_rois = rois(kinds=("rectangle", "polygon")).filter(
    lambda roi: roi.kind == "rectangle" or not is_upright_box(roi)
)


@given(found=st.lists(coco_rois, max_size=6))
def test_coco_gives_back_boxes_and_polygons_to_the_last_bit(found):
    content = write_coco([CocoFile("a.dcm", "1.2", COLUMNS, ROWS, tuple(found))])
    table = read_table(content, "coco")
    assert table.format == "coco"
    again = taken_in(table)
    for new, old in zip(again, found, strict=True):
        for name in ("kind", "points", "frames", "label", "score"):
            assert getattr(new, name) == getattr(old, name)
    assert {(row.path, row.sop_instance_uid, row.size) for row in table.rows} <= {
        ("a.dcm", "1.2", (COLUMNS, ROWS))
    }


@pytest.mark.parametrize(
    ("outline", "kind"),
    [
        ([1, 2, 30, 2, 30, 40, 1, 40], "rectangle"),
        ([1, 2, 30, 3, 30, 40, 1, 40], "polygon"),
        ([1, 2, 1, 40, 30, 40, 30, 2], "polygon"),
    ],
)
def test_coco_outline_that_is_an_upright_box_gives_a_rectangle(outline, kind):
    (row,) = read_table(coco({"segmentation": [outline]}), "x").rows
    (roi,) = row.rois
    assert roi.kind == kind
    if kind == "rectangle":
        assert roi.points == box("").points


def test_coco_has_the_fields_that_other_programs_read():
    triangle = Roi(
        kind="freehand",
        points=(ImagePoint(0, 0), ImagePoint(4, 0), ImagePoint(4, 3)),
        score=0.5,
    )
    found = (box("a", 1, 2, 4, 8, label="mass", frames=(1,)), triangle, point("c"))
    document = json.loads(write_coco([CocoFile("a.dcm", "1.2", 200, 100, found)]))
    assert document == {
        "images": [
            {
                "id": 1, "file_name": "a.dcm", "width": 200, "height": 100,
                "sop_instance_uid": "1.2",
            }
        ],
        "annotations": [
            {
                "id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 6], "area": 18,
                "segmentation": [[1, 2, 4, 2, 4, 8, 1, 8]], "iscrowd": 0, "frames": [1],
            },
            {
                "id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 3], "area": 6.0,
                "segmentation": [[0, 0, 4, 0, 4, 3]], "iscrowd": 0, "score": 0.5,
            },
        ],
        "categories": [
            {"id": 1, "name": "unlabelled", "is_label": False}, {"id": 2, "name": "mass"},
        ],
    }  # fmt: skip


def coco(*annotations, **image):
    return json.dumps(
        {
            "info": {"year": 2024},
            "images": [{"id": 7, "file_name": "a.png", **image}],
            "annotations": [{"image_id": 7, "category_id": 1, **each} for each in annotations],
            "categories": [{"id": 1, "name": "mass", "supercategory": "finding"}],
        }
    ).encode()


def test_coco_outline_of_several_parts_gives_one_polygon_each():
    parts = [[0, 0, 1, 0, 1, 1], [5, 5, 6, 5, 6, 6]]
    (row,) = read_table(coco({"id": 3, "segmentation": parts, "bbox": [0, 0, 6, 6]}), "x").rows
    assert [roi.kind for roi in row.rois] == ["polygon", "polygon"]
    assert {roi.label for roi in row.rois} == {"mass"}
    assert row.size is None


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ({"segmentation": {"counts": "abc", "size": [1, 1]}}, "run-length encoded"),
        ({"keypoints": [1, 2, 2]}, "neither box nor outline"),
        ({"bbox": [1, 2, 3]}, "not [x, y, width, height]"),
        ({"bbox": [0.5, 0, 10**400, 2]}, "numbers beyond all images"),
        ({"segmentation": [[1, 2, 3]]}, "no list of [x, y"),
        ({"bbox": [1, 2, 3, 4], "image_id": 8}, "no image 8"),
        ({"bbox": [1, 2, 3, 4], "category_id": 8}, "no category 8"),
    ],
)
def test_coco_annotation_that_is_no_box_or_outline_is_left_out_with_the_reason(annotation, words):
    table = read_table(coco({"id": 5, **annotation}), "x")
    assert table.rows == ()
    ((place, reason),) = table.left_out
    assert place == "annotation 5"
    assert words in reason


# Tables of other programs


def plain(text, columns=""):
    return read_table(text.encode(), "x", columns=parse_columns(columns))


def test_columns_named_in_words_make_boxes():
    table = plain(
        "image_id,left,top,w,h,what,conf,slice\nimg/1.dcm,1.5,2,10,20,'=mass,0.75,3\n",
        "file=image_id, xmin=left, ymin=top, label=what, score=conf, frame_number=slice",
    )
    assert table.format == "table"
    (row,) = table.rows
    assert (row.place, row.path) == ("row 2", "img/1.dcm")
    assert row.rois == (box("", 1.5, 2, 11.5, 22, label="=mass", score=0.75, frames=(2,)),)


def test_columns_whose_names_hold_commas_are_named_in_json():
    mapping = '{"file": "path, as scanned", "xmin": "x=0"}'
    assert parse_columns(mapping) == {"file": "path, as scanned", "xmin": "x=0"}
    (row,) = plain('"path, as scanned",x=0,y1,x2,y2\na.dcm,1,2,30,40\n', mapping).rows
    assert (row.path, row.rois) == ("a.dcm", (box(""),))


def test_the_head_of_a_table_says_what_its_columns_are_taken_for_and_look_like():
    text = "filename;x1;left;conf\n" + "a.dcm;1;" + "9" * 100 + ';"0,5"\nb;2\nc;3;4;5\nd;1;1;1\n'
    assert read_head(Content(text.encode(), "x").table) == (
        ("filename", "x1", "left", "conf"),
        {"file": "filename", "xmin": "x1"},
        (("a.dcm", "1", "9" * 60, "0,5"), ("b", "2", "", ""), ("c", "3", "4", "5")),
    )


def test_the_head_of_a_table_may_end_within_a_cell():
    head = read_head(Content(b'file,note\na,"one\ntwo"\nb,"thr', "x").table)
    assert head.rows == (("a", "one\ntwo"),)


@pytest.mark.parametrize(
    "text",
    [
        "file,x1,y1,x2,y2\na.dcm,1,2,30,40\n",
        "filename;xmin;ymin;xmax;ymax;remark\na.dcm;1;2;30;40;x,y,z\n",
        "\ufeffimage_path\tx_min\ty_min\twidth\theight\na.dcm\t1\t2\t29\t38\n",
        "path,x,y,w,h\na.dcm,1,2,29,38\n",
    ],
)
def test_columns_with_usual_names_need_no_mapping(text):
    (row,) = plain(text).rows
    assert (row.path, row.rois) == ("a.dcm", (box(""),))


def test_a_table_of_points_by_uid_is_read_and_rows_without_coordinates_are_counted():
    table = plain("sop_instance_uid,x,y\n1.2,5,6\n1.3,,\n")
    (row,) = table.rows
    assert (row.sop_instance_uid, row.rois) == ("1.2", (point(""),))
    assert table.left_out == (("row 3", "has no coordinates: 1.3"),)


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("file,x1,y1,x2,y2\na,1,2,3,big\n", "", "row 2, column y2: not a number: big"),
        ("file,x1,y1,x2,y2\na,1,2,3,1e999\n", "", "row 2, column y2: not finite"),
        ("file,x1,y1,x2,y2\na,1,2,3,\n", "", "row 2, column y2: empty"),
        ("file,x1,y1,x2,y2,frame\na,1,2,3,4,1.5\n", "", "column frame: must be a whole number"),
        ("file,left\na,1\n", "", "no columns for xmin,ymin,xmax,ymax"),
        ("x1,y1,x2,y2\n1,2,3,4\n", "", "no columns for a file or uid"),
        ("file,x1\na,1\n", "xmin=left", "no column 'left' for xmin; it has file, x1"),
        ("", "left=xmin", "'left' is unknown; there is file, uid"),
        ("", "xmin", "'xmin' is not of the form what=column"),
        ("", "xmin=a,xmin=b", "xmin is there twice"),
        ("", '{"xmin": 1}', "columns: not JSON of texts"),
        ('file,x1\n"a', "", "no columns for"),
        ('file,x,y\n"a', "", "not CSV"),
        ("{}", "", "neither ROIs of dcmview"),
        ("[1", "", "not JSON"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text, columns, words):
    with pytest.raises(InvalidAnnotation) as caught:
        plain(text, columns)
    assert words in caught.value.message


def test_each_form_says_what_it_loses():
    found = [
        box("a", label="mass", score=0, note="n", group="g", color="#ffffff", locked=True),
        box("b", frames=(1,)),
        Roi(kind="ellipse", points=box("c").points, label="lost with its shape"),
        Roi(kind="freehand", points=(ImagePoint(0, 0), ImagePoint(4, 0), ImagePoint(4, 3))),
    ]
    assert all(count_losses(found, EXPORT_FORMS[form].carries) == {} for form in ("json", "csv"))
    assert count_losses(found, EMBED) == {
        "labels": 1, "scores": 1, "notes": 1, "layers": 1, "colours": 1, "locks": 1,
        "ellipses": 1, "freehand outlines": 1,
    }  # fmt: skip
    assert count_losses(found, COCO) == {
        "notes": 1, "layers": 1, "colours": 1, "locks": 1, "ellipses": 1,
        "freehand outlines as such; they become polygons": 1,
        "lists of frames for other programs, which know no such field": 1,
    }  # fmt: skip
    assert [is_carried(roi, COCO) for roi in found] == [False, True, False, True]


# What nobody wrote on purpose

wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda each: (
        st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=4), each, max_size=3)
    ),
    max_leaves=6,
)
coordinates = st.lists(wild, max_size=6) | st.lists(st.lists(wild, max_size=6), max_size=3) | wild


@settings(deadline=None, max_examples=300)
@given(bbox=coordinates, segmentation=coordinates, score=wild, frames=wild, width=wild)
def test_wild_coco_is_read_or_refused(bbox, segmentation, score, frames, width):
    annotation = {"bbox": bbox, "segmentation": segmentation, "score": score, "frames": frames}
    read_or_refuse(coco(annotation, width=width, height=width))


@settings(deadline=None, max_examples=300)
@given(
    head=st.sampled_from(
        ["path,kind,points,frames,score", "file,x1,y1,x2,y2", "anon_dicom_path,ROI_coords", "{", ""]
    ),
    rest=st.binary(max_size=60)
    | st.lists(st.lists(wild.map(json.dumps), max_size=5).map(",".join), max_size=3).map(
        lambda rows: "\n".join(rows).encode()
    ),
    form=st.sampled_from([None, "embed", "json", "csv", "coco", "table"]),
)
def test_wild_content_is_read_or_refused(head, rest, form):
    read_or_refuse(f"{head}\n".encode() + rest, form)


def read_or_refuse(content, form=None):
    try:
        table = read_table(content, "x", form=form)
    except InvalidAnnotation:
        return
    for row in table.rows:
        accepted, left_out = fitting(row, IMAGE)
        assert len(accepted) + len(left_out) >= min(1, len(row.rois))


def many_boxes(form, count):
    """So many boxes in a form, as other programs write them."""
    numbers = [[n % 90 + 0.25, n % 80 + 0.5, n % 90 + 3.75, n % 80 + 9.125] for n in range(count)]
    if form == "coco":
        return coco(*({"bbox": box, "score": 0.5} for box in numbers))
    if form == "embed":
        rows = (f'a.dcm,"{json.dumps(numbers[n : n + 10])}"' for n in range(0, count, 10))
        return "\n".join(["anon_dicom_path,ROI_coords", *rows]).encode()
    rows = (",".join(map(str, ["a/long/path/of/a/file.dcm", *box])) for box in numbers)
    return "\n".join(["file,x1,y1,x2,y2", *rows]).encode()


@pytest.mark.parametrize(
    ("form", "module"), [("coco", "coco"), ("embed", "roi_csv"), ("table", "csv_cells")]
)
def test_more_rois_than_there_can_be_are_refused_while_they_are_read(form, module, monkeypatch):
    name = "MOST_ROWS" if module == "csv_cells" else "MOST_ROIS"
    monkeypatch.setattr(f"dcmview.annotations.{module}.{name}", 100)
    assert sum(len(row.rois) for row in read_table(many_boxes(form, 100), "x").rows) == 100
    with pytest.raises(InvalidAnnotation, match=r"there can be|a table can have"):
        read_table(many_boxes(form, 101), "x")


@pytest.mark.parametrize("form", ["coco", "embed", "table"])
def test_reading_takes_little_room_beside_what_is_read(form):
    content = many_boxes(form, 5_000)
    tracemalloc.start()
    table = read_table(content, "x")
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.rows) >= 500
    assert peak - kept < 2 * len(content)
