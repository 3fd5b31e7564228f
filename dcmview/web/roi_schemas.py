"""Response shapes of the API for ROIs and triage, in the manner of `schemas`."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

# Shapes of their own right, named here for scripts/api-types.
from dcmview.annotations.operations import AddRoi, RemoveRoi, ReplaceRoi  # noqa: TC001
from dcmview.annotations.plain_csv import ColumnMeaning  # noqa: TC001
from dcmview.annotations.roi import ImagePoint, Roi  # noqa: F401, TC001


class RoiSet(Struct):
    """ROIs of one file: boxes ``[ymin, xmin, ymax, xmax]`` and the frames of each."""

    num_roi: int
    roi_coords: list[list[int | float]]
    roi_frames: list[list[int]]


class RoiList(Struct):
    """The answer of ``GET /api/file/{index}/rois``, and of ``PUT``."""

    index: int
    path: str
    sop_instance_uid: str
    """With ``path``, whether an index of another run of the server is still this file."""
    revision: str
    """Without the quotes of the ETag; means nothing to another run."""
    rois: tuple[Roi, ...]
    read_only: list[str] | UnsetType = UNSET
    """The ids of those that cannot be edited, where there are any: predictions."""


class RoiOperations(Struct):
    """The body of ``PATCH /api/file/{index}/rois``: carried out in order, all or none."""

    operations: list[AddRoi | ReplaceRoi | RemoveRoi]


class RoiEdit(Struct):
    """The answer of ``PATCH /api/file/{index}/rois``."""

    index: int
    revision: str
    count: int
    rois: tuple[Roi, ...]
    """Those that were added or replaced, in canonical form."""


class RoiRefusal(Struct):
    """An edit of ROIs that was built on an old revision, or was made and is not saved."""

    error: str
    code: str
    """``stale_revision`` or ``annotations_not_saved``."""
    current: RoiList
    """What the server has now."""


class RoiLists(Struct):
    """The answer of ``GET /api/rois/files``."""

    files: list[RoiList]
    next: int | None
    """The position in the list of the request from which to ask again; null for the end."""


class RoiFileOperations(Struct):
    """Operations on one of many files."""

    index: int
    revision: str | None
    """The one that they build on; null for any."""
    operations: list[AddRoi | ReplaceRoi | RemoveRoi]


class RoiBulkOperations(Struct):
    """The body of ``PATCH /api/rois``: all or none of a file, whatever becomes of the others."""

    files: list[RoiFileOperations]


class RoiFileOutcome(Struct, omit_defaults=True):
    """What became of one of many files: what ``PATCH /api/file/{index}/rois`` would answer."""

    index: int
    status: int
    """200, or that of an error."""
    revision: str | UnsetType = UNSET
    count: int | UnsetType = UNSET
    rois: tuple[Roi, ...] | UnsetType = UNSET
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    current: RoiList | UnsetType = UNSET
    """What the server has now, if that is not what was built on."""


class RoiBulkEdit(Struct):
    """The answer of ``PATCH /api/rois``: the files in the order of the request."""

    files: list[RoiFileOutcome]
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    """``annotations_not_saved`` if what was done could not be saved; the status is 507, then."""


class RoiCount(Struct):
    """What a file has, in short; ``labels`` are at most the first 20."""

    index: int
    revision: str
    count: int
    labels: list[str]
    series: int
    frame_count: int


class RoiLeftOut(Struct):
    """Something of an imported file that was not taken in."""

    place: str
    """``row 3``, ``annotation 17``, ``file 2``."""
    reason: str


class RoiMatches(Struct):
    """How many rows of an imported file have found their file in which way."""

    path: int
    sop_instance_uid: int
    name: int
    """By the file name under another path."""


class RoiImport(Struct):
    """The answer of ``POST /api/annotations/import``."""

    format: str
    rows: int
    matched: RoiMatches
    files: int
    """How many files got ROIs."""
    added: int
    already_there: int
    marked: int
    """How many files got another mark of triage."""
    unmatched_count: int
    unmatched: list[RoiLeftOut]
    """Rows that mean no listed file, or could mean several; at most the first 1,000."""
    left_out_count: int
    left_out: list[RoiLeftOut]
    """What does not fit its image, or cannot be read; at most the first 1,000."""
    warnings: list[str]


class KnownColumn(Struct):
    """A column of a table, and what is in it."""

    what: ColumnMeaning
    column: str


class RoiTableHead(Struct):
    """The answer of ``POST /api/annotations/import/columns``."""

    format: str
    """Only a ``table``, of another program, has columns to be named; others have none here."""
    columns: list[str]
    known: list[KnownColumn]
    """What is found by the names of columns."""
    rows: list[list[str]]
    """The first three, each text cut after 60 characters."""


class RoiLoss(Struct):
    """What an export would not carry."""

    what: str
    count: int


class RoiExportPreview(Struct):
    """The answer of ``GET /api/annotations/export/preview?format=``."""

    format: str
    rois: int
    """All there are."""
    carried: int
    """Those that would be in the file."""
    lost: list[RoiLoss]
    missing: str
    """What has to be installed first, in words; empty where all is there."""


class RoiExportPreviews(Struct):
    """The answer of ``GET /api/annotations/export/preview``: each form once."""

    forms: list[RoiExportPreview]


class RoiOverview(Struct):
    """The answer of ``GET /api/rois``."""

    revision: int
    """To be named as ``since`` in the next request, for what is new by then."""
    files: list[RoiCount]
    unlisted_files: int
    """Files with saved ROIs that are not listed this time; their ROIs are kept."""
    labels: list[str]
    """Those of ``--labels`` first, then those of all ROIs as they first appeared; at most 1,000."""
    saved_in: str | None
    """Where edits are saved; null where they are kept in memory alone."""
    unsaved_files: int
    save_error: str


class TriageMark(Struct):
    """What is decided about a file; ``mark`` and ``note`` are empty where it was taken back."""

    index: int
    series: int
    """Number of the series that the file is in."""
    mark: Literal["", "keep", "reject", "unsure"]
    note: str
    modified: str
    """In UTC; empty where nobody said."""


class TriageCounts(Struct):
    """How many listed files are marked how."""

    keep: int
    reject: int
    unsure: int


class TriageChange(Struct):
    """The body of ``PATCH /api/triage``: what is left out of mark and note stays as it is."""

    files: list[int] | UnsetType = UNSET
    series: int | UnsetType = UNSET
    """In the place of files: all of a series."""
    mark: Literal["keep", "reject", "unsure"] | UnsetType | None = UNSET
    """Null takes the mark back."""
    note: str | UnsetType = UNSET


class TriageOverview(Struct):
    """The answer of ``GET /api/triage`` and ``PATCH /api/triage``."""

    revision: int
    """To be named as ``since`` in the next request, for what is new by then."""
    marks: list[TriageMark]
    counts: TriageCounts
    images: int
    """How many listed files have an image."""
    unlisted_files: int
    """Files with saved marks that are not listed this time; their marks are kept."""
