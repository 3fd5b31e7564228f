"""Small edits: order, all or nothing, and repeating them on what is left of their base."""

from __future__ import annotations

import pytest
from support.rois import IMAGE, box, point

from dcmview.annotations.operations import (
    AddRoi,
    RemoveRoi,
    ReplaceRoi,
    apply_operations,
    parse_operations,
    repeat_operations,
)
from dcmview.errors import InvalidAnnotation

A, B, C = point("a"), point("b"), point("c")
POINT = {"kind": "point", "points": [{"x": 1, "y": 2}]}


def ids(rois):
    return [roi.id for roi in rois]


def test_what_is_added_comes_last_or_where_it_is_wanted():
    assert ids(apply_operations((A, B), [AddRoi(C)])) == ["a", "b", "c"]
    assert ids(apply_operations((A, B), [AddRoi(C, index=0)])) == ["c", "a", "b"]
    assert ids(apply_operations((A, B), [AddRoi(C, index=99)])) == ["a", "b", "c"]


def test_removing_and_adding_at_the_old_place_undoes_it():
    gone = apply_operations((A, B, C), [RemoveRoi("b")])
    assert apply_operations(gone, [AddRoi(B, index=1)]) == (A, B, C)


def test_a_replaced_roi_keeps_its_place():
    new = box("a")
    assert apply_operations((A, B), [ReplaceRoi(new)]) == (new, B)


def test_operations_see_what_those_before_them_did():
    assert apply_operations((A,), [RemoveRoi("a"), AddRoi(B), ReplaceRoi(box("b"))]) == (box("b"),)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (AddRoi(A), "operation 1: an ROI with id 'a' is there already"),
        (ReplaceRoi(C), "operation 1: an ROI with id 'c' is not there"),
        (RemoveRoi("c"), "operation 1: an ROI with id 'c' is not there"),
    ],
)
def test_an_operation_that_does_not_fit_is_named(operation, words):
    with pytest.raises(InvalidAnnotation) as caught:
        apply_operations((A,), [AddRoi(B), operation])
    assert caught.value.message == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"op": "move"}, "operation 0: op: Invalid value 'move'"),
        ({"op": "add"}, "operation 0: Object missing required field roi"),
        ({"op": "add", "roi": POINT, "index": -1}, "operation 0: index"),
        ({"op": "add", "roi": POINT, "index": 2**64}, "operation 0: index"),
        ({"op": "add", "roi": {**POINT, "label": 3}}, "operation 0: roi.label: Expected str"),
        ({"op": "add", "roi": {**POINT, "frames": [9]}}, "operation 0: there is no frame 9"),
        ({"op": "replace", "roi": POINT}, "operation 0: roi.id: names no ROI"),
        ({"op": "remove", "id": "a", "why": ""}, "operation 0: Object contains unknown field why"),
    ],
)
def test_a_malformed_operation_is_refused_by_its_number_and_reason(value, words):
    with pytest.raises(InvalidAnnotation) as caught:
        parse_operations([value], IMAGE)
    assert words in caught.value.message


def test_more_operations_than_are_small_are_refused():
    with pytest.raises(InvalidAnnotation, match="at most 1,000 operations"):
        parse_operations([{"op": "remove", "id": "a"}] * 1_001, IMAGE)


def test_repeating_passes_over_what_is_not_there_and_renews_what_is():
    new = box("a")
    again = repeat_operations({"a": A}, [RemoveRoi("x"), AddRoi(new), ReplaceRoi(C)])
    assert tuple(again.values()) == (new, C)
