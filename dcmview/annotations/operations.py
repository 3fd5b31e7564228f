"""Small edits of the ROIs of a file: add, replace and remove by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from dcmview.annotations.roi import MOST_ROIS_PER_FILE, Id, Roi, check_set, checked, convert
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.model import SharedHeader

MOST_OPERATIONS = 1_000
"""More than that is quicker done by sending all ROIs."""


class AddRoi(
    Struct, frozen=True, tag="add", tag_field="op", omit_defaults=True, forbid_unknown_fields=True
):
    """Put a new ROI in, at the end or before the one that is now the ``index``-th."""

    roi: Roi
    index: Annotated[int, Meta(ge=0, le=MOST_ROIS_PER_FILE)] | None = None


class ReplaceRoi(Struct, frozen=True, tag="replace", tag_field="op", forbid_unknown_fields=True):
    """Put an ROI in the place of the one with its id."""

    roi: Roi


class RemoveRoi(Struct, frozen=True, tag="remove", tag_field="op", forbid_unknown_fields=True):
    """Take the ROI with this id out."""

    id: Id


Operation = AddRoi | ReplaceRoi | RemoveRoi


def parse_operations(values: Any, header: SharedHeader) -> tuple[Operation, ...]:
    """Make operations of decoded JSON, their ROIs checked and each with an id.

    Raises
    ------
    InvalidAnnotation
        Naming the first one that is wrong, counted from 0, and why.
    """
    if not isinstance(values, list):
        raise InvalidAnnotation("operations must be a list")
    if len(values) > MOST_OPERATIONS:
        raise InvalidAnnotation(
            f"at most {MOST_OPERATIONS:,} operations at once; send all ROIs with PUT instead"
        )
    return tuple(_parse(value, header, number) for number, value in enumerate(values))


def apply_operations(rois: Sequence[Roi], operations: Sequence[Operation]) -> tuple[Roi, ...]:
    """Give the ROIs with all operations carried out, one after the other.

    Raises
    ------
    InvalidAnnotation
        If one adds an id that is there, or names one that is not.
    """
    by_id = {roi.id: roi for roi in rois}
    for number, operation in enumerate(operations):
        roi_id = operation.id if isinstance(operation, RemoveRoi) else operation.roi.id
        if isinstance(operation, AddRoi) == (roi_id in by_id):
            state = "is there already" if roi_id in by_id else "is not there"
            raise InvalidAnnotation(f"operation {number}: an ROI with id {roi_id!r} {state}")
        by_id = _carried_out(by_id, operation)
    result = tuple(by_id.values())
    check_set(result)
    return result


def repeat_operations(by_id: dict[str, Roi], operations: Sequence[Operation]) -> dict[str, Roi]:
    """Carry out operations that were valid once; parts of what they build on may be missing.

    The dict is used up.
    """
    for operation in operations:
        if isinstance(operation, AddRoi) and operation.roi.id in by_id:
            by_id[operation.roi.id] = operation.roi
        else:
            by_id = _carried_out(by_id, operation)
    return by_id


def _parse(value: Any, header: SharedHeader, number: int) -> Operation:
    where = f"operation {number}"
    operation: Operation = convert(value, Operation, where)
    if isinstance(operation, RemoveRoi):
        return operation
    if isinstance(operation, ReplaceRoi) and not operation.roi.id:
        raise InvalidAnnotation(f"{where}: roi.id: names no ROI to replace")
    return msgspec.structs.replace(operation, roi=checked(operation.roi, header, where))


def _carried_out(by_id: dict[str, Roi], operation: Operation) -> dict[str, Roi]:
    if isinstance(operation, RemoveRoi):
        by_id.pop(operation.id, None)
        return by_id
    roi = operation.roi
    if isinstance(operation, AddRoi) and operation.index is not None:
        items = list(by_id.items())
        items.insert(operation.index, (roi.id, roi))
        return dict(items)
    by_id[roi.id] = roi
    return by_id
