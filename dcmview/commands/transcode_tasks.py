"""What ``dcmview transcode`` does to one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from dcmview.bulk.finished import FinishedBefore
from dcmview.bulk.result import Job, Result, Status
from dcmview.bulk.task import FINISHED, keep_original, output_of, spare_threads, worker_engine
from dcmview.commands.arguments import choice
from dcmview.errors import InstanceError, UsageError
from dcmview.transcoding.policy import DIRECTORY_LEFT_OUT, OnFailure, Only, Policy, accepted_uid
from dcmview.transcoding.targets import EncodeOptions, find_target
from dcmview.transcoding.transcode import transcode_entry
from dcmview.transcoding.writing import OffsetTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.bulk.result import Figures
    from dcmview.transcoding.transcode import TranscodeReport

FAILURE = "failure"
"""The figure of a file that went out as it was because it could not be transcoded."""

_FAILED = b"failed"
"""Added to the origin of such a file, whose mark is another one then."""


@dataclass(frozen=True, slots=True)
class TranscodeTask:
    """Writes a file in another transfer syntax, or as it is.

    The content of an output that is durable is on the disk before it has its name: people
    delete originals when a run has ended, unless they want no proof.
    """

    target: str
    """A Transfer Syntax UID: a table of targets does not travel."""
    options: EncodeOptions
    policy: Policy
    offset_table: OffsetTable = OffsetTable.AUTO
    is_durable: bool = True

    def __call__(self, job: Job) -> Result:
        """Write the output of a job."""
        target, path = find_target(self.target), job.entry.path
        if not job.output:
            return Result(path, Status.SKIPPED, reason=DIRECTORY_LEFT_OUT)
        left_alone = self.policy.left_alone(job.entry, target)
        if left_alone:
            return self._original(job, f"unchanged: {left_alone}")
        try:
            with output_of(job, is_durable=self.is_durable) as stream:
                report = transcode_entry(
                    job.entry,
                    target,
                    self.options,
                    stream,
                    decoder=worker_engine().decoder,
                    offset_table=self.offset_table,
                    threads=spare_threads(),
                )
        except InstanceError as exc:
            if self.policy.on_failure is OnFailure.FAIL:
                raise
            if self.policy.on_failure is OnFailure.SKIP:
                return Result(path, Status.SKIPPED, reason=exc.message, figures={FAILURE: exc.code})
            return self._original_of_failure(job, exc)
        return Result(path, Status.DONE, (job.output,), figures=_figures(report))

    def _original_of_failure(self, job: Job, exc: InstanceError) -> Result:
        """Write the file as it is, so that the next run tries again: it may succeed."""
        figures: Figures = {FAILURE: exc.code}
        try:
            failed = structs.replace(job, origin=job.origin + _FAILED)
            return self._original(failed, exc.message, figures)
        except FinishedBefore:
            reason = f"{FINISHED}, as it was: {exc.message}"
            return Result(job.entry.path, Status.SKIPPED, (job.output,), reason, figures)

    def _original(self, job: Job, reason: str, figures: Figures | None = None) -> Result:
        return keep_original(job, reason, figures, is_durable=self.is_durable)


def make_task(
    to: str,
    *,
    quality: int | None = None,
    ratio: float | None = None,
    near: int | None = None,
    allow_recompress: bool = False,
    prove: bool = True,
    on_failure: str = "keep",
    only_uncompressed: bool = False,
    only_compressed: bool = False,
    accept: str | Iterable[str] = (),
    offset_table: str = "auto",
) -> TranscodeTask:
    """Check what was asked for, in the words of the options.

    Raises
    ------
    RequestError, UsageError
        If it makes no sense.
    """
    if only_uncompressed and only_compressed:
        raise UsageError("--only-uncompressed and --only-compressed exclude each other")
    target = find_target(to)
    options = target.check(EncodeOptions(quality, ratio, near, allow_recompress, prove))
    only = Only.UNCOMPRESSED if only_uncompressed else Only.COMPRESSED if only_compressed else None
    accepted = tuple(map(accepted_uid, [accept] if isinstance(accept, str) else accept))
    policy = Policy(choice(OnFailure, "on_failure", on_failure), only, accepted)
    return TranscodeTask(
        target.syntax.uid, options, policy, choice(OffsetTable, "offset_table", offset_table)
    )


def _figures(report: TranscodeReport) -> Figures:
    found: Figures = {
        "from": report.source_syntax,
        "to": report.target_syntax,
        "sop_instance_uid": report.sop_instance_uid,
        "frames": report.frame_count,
        "native_bytes": report.native_bytes,
        "bytes": report.encoded_bytes,
    }
    if report.max_error is not None and report.mean_error is not None:
        found |= {"max_error": report.max_error, "mean_error": report.mean_error}
    return found
