"""What ``dcmview overlay`` does to one file: planes put into a copy, or taken out."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dcmview.bulk.finished import FinishedBefore
from dcmview.bulk.result import Job, Result, Status
from dcmview.bulk.task import FINISHED, descriptor_of, keep_original, output_of
from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.overlays import GROUPS
from dcmview.dicom.uids import stable_uid
from dcmview.exchange.overlay_copy import OverlayCopy, held
from dcmview.exchange.planes import PLAIN_STYLE, PlaneStyle, make_planes, planes_of
from dcmview.registry.opening import open_entry, require_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.bulk.result import Figures
    from dcmview.exchange.planes import RoiPlane
    from dcmview.registry.registry import Entry


MOST_NAMES_TOLD = 20


class FileRois(msgspec.Struct, omit_defaults=True):
    """The ROIs of a file, and a note on how they were found to be its own.

    ``drawn`` is there between the begin of a batch and the turn of the file.
    """

    rois: tuple[Roi, ...] = ()
    note: str = ""
    drawn: Drawn | None = None


class Drawn(NamedTuple):
    """The planes of a file, and the UID of a copy that has them."""

    planes: list[RoiPlane]
    uid: str


@dataclass(frozen=True, slots=True)
class PutPlanes:
    """Writes a copy of a file with its ROIs as overlay planes.

    With ``keep_uid`` the copy has the SOP Instance UID of the file; with ``copy_all``
    a file without ROIs is copied as it is.
    """

    style: PlaneStyle = PLAIN_STYLE
    keep_uid: bool = False
    copy_all: bool = False

    def begin(self, jobs: Sequence[Job]) -> None:
        """Draw the planes of some files before the first of them is read."""
        # What goes wrong does so again when it is the turn of the file, and is told there.
        planes: list[RoiPlane] = []
        for job in jobs:
            with contextlib.suppress(Exception):
                job.extra.drawn = self._drawn(job)
                planes += job.extra.drawn.planes[: len(GROUPS)]  # no more are put into a file
        with contextlib.suppress(Exception):
            make_planes(planes)

    def __call__(self, job: Job) -> Result:
        """Do it for one file."""
        extra: FileRois = job.extra
        planes, uid = extra.drawn or self._drawn(job)
        extra.drawn = None
        if not planes:
            return self._without_planes(job, extra.rois)
        with open_entry(job.entry) as opened:
            source = held(opened)
            copy = OverlayCopy(source, planes, sop_instance_uid=uid)
            if not copy.groups:
                figures: Figures = {"planes": 0, "no_group": len(planes)}
                return Result(job.entry.path, Status.FAILED, (), _no_group(planes), figures)
            with descriptor_of(job) as output:
                copy.write(source, output)
        put = copy.groups.values()
        counts = {
            "rois": sum(len(plane.drawn) for plane in put),
            "no_inside": sum(not self.style.draws(roi) for roi in extra.rois),
            "no_pixel": sum(len(plane.rois) - len(plane.drawn) for plane in put),
            "no_group": len(copy.left_out),
        }
        figures = {"planes": len(put)}
        figures |= {name: count for name, count in counts.items() if count}
        if uid:
            figures["sop_instance_uid"] = uid
        reasons = [extra.note] if extra.note else []
        if copy.left_out:
            reasons.append(_no_group(copy.left_out))
        return Result(job.entry.path, Status.DONE, (job.output,), "; ".join(reasons), figures)

    def _drawn(self, job: Job) -> Drawn:
        planes = planes_of(job.entry.header.shared, job.extra.rois, self.style)
        has_new_uid = planes and not self.keep_uid
        return Drawn(planes, self._new_uid(job.entry, planes) if has_new_uid else "")

    def _without_planes(self, job: Job, rois: tuple[Roi, ...]) -> Result:
        reason = "its ROIs have no inside" if rois else "it has no ROIs"
        figures: Figures = {"no_inside": len(rois)} if rois else {}
        if not self.copy_all:
            return Result(job.entry.path, Status.SKIPPED, (), reason, figures)
        return keep_original(job, reason, figures)

    def _new_uid(self, entry: Entry, planes: Sequence[RoiPlane]) -> str:
        """A UID that says which file and which planes: the same in every run."""
        if not entry.header.sop_instance_uid:
            return ""
        content = msgspec.json.encode(
            (
                self.style,
                [
                    (plane.label, plane.description, roi.kind, roi.points, roi.frames)
                    for plane in planes
                    for roi in plane.rois
                ],
            )
        )
        digest = hashlib.sha256(content).hexdigest()
        return stable_uid("overlay", entry.header.sop_instance_uid, digest)


def _no_group(planes: Sequence[RoiPlane]) -> str:
    """Say which planes found no free group."""
    names = sorted({plane.label or "no label" for plane in planes})
    more = len(names) - MOST_NAMES_TOLD
    told = ", ".join(names[:MOST_NAMES_TOLD]) + (f" and {more:,} more" if more > 0 else "")
    return f"no group from 6000 to 601E is free for {told}"


@dataclass(frozen=True, slots=True)
class ExtractPlanes:
    """Writes the overlay planes of a file as masks or ROIs, in a form of `PLANE_FORMS`."""

    form: str

    def __call__(self, job: Job) -> Result:
        """Do it for one file."""
        load_pydicom()
        from dcmview.dicom.instance import open_instance
        from dcmview.exchange.plane_files import PLANE_FORMS
        from dcmview.exchange.plane_reading import PlaneNotes

        entry = job.entry
        require_frame(entry, 0)
        form = PLANE_FORMS[self.form]
        instance = open_instance(entry.path, expected=entry.stamp, member=entry.member)
        stem = job.output.removesuffix(f"{form.suffix}{form.extension}")
        notes = PlaneNotes()
        outputs: list[str] = []
        written = 0
        for suffix, content in form.files(instance, notes):
            path = f"{stem}{suffix}{form.extension}"
            outputs.append(path)
            try:
                with output_of(job, path) as stream:
                    stream.write(content)
            except FinishedBefore:
                continue
            written += 1
        reason = notes.reason
        if not outputs:
            none = "its overlay planes are empty" if notes.groups else "it has no overlay planes"
            return Result(entry.path, Status.SKIPPED, (), reason or none)
        status = Status.DONE if written else Status.SKIPPED
        figures: Figures = {"planes": len(notes.groups)}
        if outside := sum(notes.outside.values()):
            figures["outside"] = outside
        return Result(entry.path, status, tuple(outputs), reason if written else FINISHED, figures)
