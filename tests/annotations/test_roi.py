"""ROIs of any kind: canonical form, limits, messages, and their way to boxes and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rois import COLUMNS, FRAMES, IMAGE, POINT_COUNTS, ROWS, box, point, roi_lists

from dcmview.annotations.losses import EMBED, is_carried
from dcmview.annotations.rectangle import Rectangle, parse_rectangles
from dcmview.annotations.roi import (
    ImagePoint,
    Roi,
    parse_rois,
    rectangle_of_roi,
    rectangles,
    roi_of_rectangle,
    with_rectangles,
)
from dcmview.errors import InvalidAnnotation
from dcmview.model import SharedHeader

numbers = st.integers(0, 10_000) | st.floats(0, 1e4)
frame_lists = st.lists(st.integers(0, 500), unique=True).map(sorted).map(tuple)


@st.composite
def boxes(draw):
    y0, y1 = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    x0, x1 = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    return Rectangle(y0, x0, y1, x1, draw(frame_lists))


def one(**fields):
    return {"kind": "point", "points": [{"x": 1, "y": 2}], **fields}


def corners(kind, *points):
    return {"kind": kind, "points": [{"x": x, "y": y} for x, y in points]}


@given(boxes())
def test_a_rectangle_comes_back_from_an_roi_bit_by_bit(rectangle):
    again = rectangle_of_roi(roi_of_rectangle(rectangle, "a"))
    assert [(type(v), v.hex() if isinstance(v, float) else v) for v in again.coordinates] == [
        (type(v), v.hex() if isinstance(v, float) else v) for v in rectangle.coordinates
    ]
    assert again.frames == rectangle.frames


def test_ymin_is_the_row_of_the_first_corner():
    roi = roi_of_rectangle(Rectangle(10, 20, 30, 40, (1,)), "a")
    assert roi.points == (ImagePoint(20, 10), ImagePoint(40, 30))
    assert roi.frames == (1,)


def test_corners_and_frames_are_put_in_order_and_an_id_is_made():
    sent = corners("ellipse", (9, 2), (3, 8.5)) | {"frames": [4, 0, 4]}
    (roi,) = parse_rois([sent], IMAGE)
    assert roi.points == (ImagePoint(3, 2), ImagePoint(9, 8.5))
    assert roi.frames == (0, 4)
    assert len(roi.id) == 16


def test_points_of_a_line_keep_their_order():
    (roi,) = parse_rois([corners("length", (9, 2), (3, 8))], IMAGE)
    assert roi.points == (ImagePoint(9, 2), ImagePoint(3, 8))


def test_points_on_the_far_edges_are_inside():
    parse_rois([corners("rectangle", (0, 0), (COLUMNS, ROWS))], IMAGE)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "ROI 1: Expected object, got int"),
        ({"points": [{"x": 1, "y": 2}]}, "ROI 1: Object missing required field kind"),
        (one(kind="blob"), "ROI 1: kind: Invalid enum value 'blob'"),
        (one(size=3), "ROI 1: Object contains unknown field size"),
        (one(points=[]), "ROI 1: points: Expected array of length >= 1"),
        (one(points=[{"x": 1}]), "ROI 1: points[0]: Object missing required field y"),
        (one(points=[{"x": 1, "y": True}]), "ROI 1: points[0].y"),
        (one(points=[{"x": 1, "y": float("nan")}]), "ROI 1: the point (1, nan) is outside"),
        (one(points=[{"x": -0.5, "y": 0}]), "ROI 1: the point (-0.5, 0) is outside the image of "),
        (one(points=[{"x": 0, "y": ROWS + 0.5}]), "ROI 1: the point (0, 100.5) is outside"),
        (one(points=[{"x": 10**40, "y": 0}]), "ROI 1: the point"),
        (one(frames=[]), "ROI 1: frames"),
        (one(frames="some"), "ROI 1: frames"),
        (one(frames=[-1]), "ROI 1: frames"),
        (one(frames=[0, FRAMES]), "ROI 1: there is no frame 7, the file has 7 frame(s)"),
        (one(label="x" * 257), "ROI 1: label: Expected str of length <= 256"),
        (one(note="\udce4"), "ROI 1: note: is no text that UTF-8 can hold"),
        (one(frames=[10**40]), "ROI 1: there is no frame 100000000000000000000000, the file"),
        (one(id="a b"), "ROI 1: id"),
        (one(id="a\n"), "ROI 1: id"),
        (one(id="first"), "ROI 1: id 'first' is there twice"),
        (one(color="red"), "ROI 1: color"),
        (one(created="yesterday"), "ROI 1: created"),
        (one(score=float("inf")), "ROI 1: score"),
        (one(score="high"), "ROI 1: score"),
        (corners("rectangle", (1, 1), (1, 5)), "ROI 1: the rectangle is empty"),
        (corners("ellipse", (1, 1), (5, 1)), "ROI 1: the ellipse is empty"),
        (corners("polygon", (1, 1), (5, 1)), "ROI 1: a polygon has 3 to 20000 point(s), not 2"),
        (corners("cobb", (1, 1), (5, 1), (2, 2)), "ROI 1: a cobb has 4 point(s), not 3"),
        (corners("point", (1, 1), (5, 1)), "ROI 1: a point has 1 point(s), not 2"),
    ],
)
def test_a_wrong_roi_is_refused_by_its_number_and_reason(value, words):
    with pytest.raises(InvalidAnnotation) as caught:
        parse_rois([one(id="first"), value], IMAGE)
    assert words in caught.value.message


@pytest.mark.parametrize("kind", sorted(POINT_COUNTS))
def test_every_kind_has_its_number_of_points(kind):
    least, _ = POINT_COUNTS[kind]
    points = [(n, n * n) for n in range(1, least + 1)]
    assert parse_rois([corners(kind, *points)], IMAGE)[0].kind == kind
    with pytest.raises(InvalidAnnotation):
        parse_rois([corners(kind, *points[1:])], IMAGE)


def test_a_file_without_an_image_takes_no_roi():
    with pytest.raises(InvalidAnnotation, match="ROI 0: the file holds no image"):
        parse_rois([one()], SharedHeader())
    assert parse_rois([], SharedHeader()) == ()


def test_more_rois_than_a_file_can_have_are_refused():
    with pytest.raises(InvalidAnnotation, match="20,000 ROIs, these are 20,001"):
        parse_rois([one()] * 20_001, IMAGE)


def test_boxes_that_did_not_change_keep_all_that_is_said_of_them():
    kept = box("kept", 1, 2, 3, 4, label="mass", score=0.5)
    old = (box("gone", 9, 9, 10, 10), point("p"), kept)
    new = with_rectangles(old, parse_rectangles([[2, 1, 4, 3], [5, 5, 6, 6]]))
    assert [roi.id for roi in new[:2]] == ["kept", "p"]
    assert new[0] == kept
    assert [roi.kind for roi in new] == ["rectangle", "point", "rectangle"]
    assert new[2].label == ""


def test_two_equal_boxes_are_two_rois_with_the_ids_they_had():
    old = (box("a"), box("b"))
    assert with_rectangles(old, rectangles(old)) == old


@given(roi_lists(), st.lists(boxes(), max_size=4))
def test_putting_boxes_gives_these_boxes_and_leaves_the_other_kinds(old, sent):
    new = with_rectangles(old, sent)
    assert rectangles(new) == tuple(sent)
    assert [r for r in new if r.kind != "rectangle"] == [r for r in old if r.kind != "rectangle"]
    assert len({roi.id for roi in new}) == len(new)


@pytest.mark.parametrize(
    ("roi", "expected"),
    [
        (box("a", color="#ffffff", author="me", frames=(1,)), True),
        (point("a"), False),
        (box("a", label="mass"), False),
        (box("a", group="truth"), False),
        (box("a", note="?"), False),
        (box("a", score=0), False),
    ],
)
def test_an_embed_table_carries_boxes_with_nothing_said_of_them(roi: Roi, expected: bool):
    assert is_carried(roi, EMBED) is expected
