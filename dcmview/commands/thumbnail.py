"""``dcmview thumbnail`` and `dcmview.thumbnail`: small pictures of many files, and sheets."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dcmview.bulk.finished import is_finished
from dcmview.bulk.naming import NameStyle, Naming, check_output_file, check_output_folder
from dcmview.bulk.result import Job, Result, Status
from dcmview.bulk.run import BulkPlan
from dcmview.bulk.task import (
    FINISHED,
    close_worker_engine,
    content_hash,
    engine_in_use,
    fresh_entry,
    output_of,
    worker_engine,
)
from dcmview.commands.arguments import choice, optional_path, path_list, results_of
from dcmview.commands.windows import checked_window
from dcmview.errors import UsageError
from dcmview.model import PictureFormat
from dcmview.thumbnails.cache import PICTURE, TILE, ThumbnailCache, cache_key
from dcmview.thumbnails.picture import small_frame, usual_turn
from dcmview.thumbnails.settings import DEFAULT_QUALITY, DEFAULT_SIZE_PX, make_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal, Self

    from dcmview.bulk.result import Figures
    from dcmview.commands.arguments import AnyPath
    from dcmview.model import Acquisition, Placement
    from dcmview.registry.registry import Entry
    from dcmview.thumbnails.picture import SmallFrame, Thumbnail
    from dcmview.thumbnails.settings import ThumbnailSettings
    from dcmview.thumbnails.sheet import ContactSheet


UNKEPT = "unkept"
"""What the figure ``cache`` says where it could not be written."""


@dataclass(frozen=True, slots=True)
class ThumbnailTask:
    """Makes the thumbnail of a file, and its tile where there is a folder for tiles."""

    settings: ThumbnailSettings
    overwrite: bool = False
    cache: str | None = None
    tiles: str | None = None

    def __call__(self, job: Job) -> Result:
        """Write what is not there yet."""
        maker = _Maker(self, job.entry)
        path, outputs = job.entry.path, (job.output,) if job.output else ()
        if self.tiles is not None:
            from dcmview.thumbnails.sheet import write_tile

            thumbnail = maker.make(TILE)
            write_tile(self.tiles, job.entry, thumbnail)
        if job.output:
            if not self.overwrite and is_finished(job.output, job.origin):
                return Result(path, Status.SKIPPED, outputs, FINISHED)
            thumbnail = maker.make(PICTURE)
            # With a sheet the plan lets every file come, and this task sees what is there.
            with output_of(replace(job, overwrite=self.overwrite)) as stream:
                stream.write(thumbnail.content)
        figures: Figures = {
            "frame": thumbnail.frame_index,
            "columns": thumbnail.columns,
            "rows": thumbnail.rows,
            "bytes": len(thumbnail.content),
        }
        if self.cache is not None:
            figures["cache"] = UNKEPT if maker.unkept else "miss" if maker.has_made else "hit"
        reasons = ["the data of the frame ends early"] if thumbnail.truncated else []
        if maker.unkept:
            reasons.append(f"not kept in the cache: {maker.unkept}")
        return Result(path, Status.DONE, outputs, "; ".join(reasons), figures)


class _Maker:
    """Makes thumbnail and tile of one file from one decoded frame, or takes them from the cache."""

    def __init__(self, task: ThumbnailTask, entry: Entry) -> None:
        self._task = task
        self._entry = entry
        self._cache = None if task.cache is None else ThumbnailCache(task.cache)
        self._content = "" if self._cache is None else content_hash(entry)
        self._small: SmallFrame | None = None
        self.unkept = ""
        """Why the cache does not have what was made."""

    @property
    def has_made(self) -> bool:
        return self._small is not None

    def make(self, kind: str) -> Thumbnail:
        if self._cache is None:
            return self._made(kind)
        key = cache_key(self._entry, self._task.settings, kind, self._content)
        found = self._cache.get(key)
        if found is None:
            found = self._made(kind)
            try:
                self._cache.put(key, found)
            except OSError as exc:  # a full disk, or a cache of others: the thumbnail is there
                self.unkept = exc.strerror or str(exc)
        return found

    def _made(self, kind: str) -> Thumbnail:
        engine = worker_engine()
        if self._small is None:
            self._small = small_frame(engine, self._entry, self._task.settings)
        if kind == PICTURE:
            return self._small.thumbnail()
        return self._small.tile(usual_turn(engine, self._entry, self._small.frame_index))


class ThumbnailRun:
    """A run of the command: what is to be done to the files, and the sheet at the end.

    Parameters
    ----------
    settings : ThumbnailSettings
        What thumbnails are to be like.
    paths : sequence of str
        The paths that the user gave, for mirrored names.
    output_dir, sheet : str or None
        Where thumbnails and contact sheet go; one of them at least.
    names : NameStyle
        What thumbnails are called by.
    cache : str or None
        Folder in which thumbnails are kept.
    overwrite : bool
        Whether what is there is made again.

    Raises
    ------
    UsageError
        If nothing is to be written, or where it must not be.
    """

    def __init__(
        self,
        settings: ThumbnailSettings,
        paths: Sequence[str],
        *,
        output_dir: str | None = None,
        sheet: str | None = None,
        names: NameStyle = NameStyle.UID,
        cache: str | None = None,
        overwrite: bool = False,
    ) -> None:
        if output_dir is None and sheet is None:
            raise UsageError("nowhere to write to: give --output-dir, --sheet or both")
        self._naming: Naming | None = None
        if output_dir is not None:
            check_output_folder(output_dir, paths, overwrite=overwrite)
            extension = settings.request.format.extension
            self._naming = Naming(output_dir, names, extension, paths)
        if cache is not None:
            check_output_folder(cache, paths)
        self._ending = ExitStack()
        self._sheet: ContactSheet | None = None
        if sheet is not None:
            from dcmview.thumbnails.sheet import ContactSheet

            check_output_file(sheet, paths)
            self._sheet = ContactSheet(sheet, settings, overwrite=overwrite)
            self._ending.enter_context(self._sheet)
        self._task = ThumbnailTask(
            settings,
            overwrite,
            None if cache is None else os.path.abspath(cache),
            None if self._sheet is None else self._sheet.folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ending.close()

    def plan(self, *, jobs: int = 1, cluster: str | None = None) -> BulkPlan:
        """Say what is done to each file."""
        # A finished thumbnail may still have no tile, so the task itself sees what is there.
        overwrite = self._task.overwrite or self._sheet is not None
        return BulkPlan(
            self._task,
            self._output_for,
            overwrite,
            jobs,
            cluster,
            made_with=repr(self._task.settings),
        )

    def finish(self) -> int:
        """Write the sheet when all files are done, and give the number of its tiles."""
        if self._sheet is None:
            return 0
        try:
            with engine_in_use():
                return self._sheet.write(_frame_placements)
        finally:
            close_worker_engine()

    def _output_for(self, entry: Entry) -> str:
        output = "" if self._naming is None else self._naming.plan(entry)
        if self._sheet is not None:
            self._sheet.expect(entry, output)
        return output


def _frame_placements(entry: Entry) -> Sequence[tuple[Acquisition, Placement]]:
    return worker_engine().frame_placements(fresh_entry(entry))


def thumbnail(
    paths: AnyPath | Iterable[AnyPath],
    output_dir: AnyPath | None = None,
    *,
    sheet: AnyPath | None = None,
    size: int = DEFAULT_SIZE_PX,
    format: Literal["jpeg", "png", "webp"] = "jpeg",  # noqa: A002, the name that the command has
    quality: int = DEFAULT_QUALITY,
    frame: Literal["first", "middle", "max", "median"] | int = "middle",
    background: str | None = None,
    window: tuple[float, float] | None = None,
    voi: int | None = None,
    full_dynamic: bool = False,
    label: bool = False,
    names: Literal["path", "uid", "hash"] = "uid",
    cache: AnyPath | None = None,
    overwrite: bool = False,
    recursive: bool = True,
    jobs: int = 1,
    cluster: str | None = None,
) -> list[Result]:
    """Make thumbnails of DICOM files, as ``dcmview thumbnail`` does.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, folders and archives.
    output_dir : path, optional
        Folder for the thumbnails, one a file.
    sheet : path, optional
        A PNG with all of them in rows; in the order of the files, and slices of a series
        by their place in the patient, turned as slices of their plane usually lie.
    size : int
        The longer side, in pixels; nothing is enlarged.
    format : {"jpeg", "png", "webp"}
        Their format.
    quality : int
        That of JPEG and WebP, 1 to 100.
    frame : {"first", "middle", "max", "median"} or int
        Which frame of several: the one with the highest mean, the one whose mean is the
        median of all, or an index that counts from 0.
    background : str, optional
        Makes thumbnails squares filled with a colour: ``black``, ``#20242a``.
    window : (center, width), optional
        Instead of that of the file; or ``voi``, the index of one of its own, or
        ``full_dynamic``.
    label : bool
        Burn modality and series number in.
    names : {"uid", "path", "hash"}
        What thumbnails are called by: SOP Instance UID, path below the folder that was
        given, or SHA-256 of the file.
    cache : path, optional
        A folder that keeps thumbnails, so that another run makes only what has changed.
    overwrite : bool
        Make all anew and replace what has their names; else an output of the same file and
        settings is finished, and where something else has its name the file fails.
    recursive : bool
        Also what is in folders below.
    jobs : int
        Processes; 0 for one a core.
    cluster : str, optional
        Address of a Dask scheduler to work there.

    Returns
    -------
    list of Result
        How each file ended, in their order.

    Raises
    ------
    RequestError, UsageError
        If what was asked for makes no sense.
    NotInstalled, StartError
        If there is no such cluster, or no process can be started.
    """
    roots = path_list(paths)
    window = checked_window(window, voi, full_dynamic=full_dynamic)
    settings = make_settings(
        size_px=size,
        picture_format=choice(PictureFormat, "format", format),
        quality=quality,
        frame=frame,
        background=background,
        window=window,
        voi=voi,
        full_dynamic=full_dynamic,
        label=label,
    )
    with ThumbnailRun(
        settings,
        roots,
        output_dir=optional_path(output_dir),
        sheet=optional_path(sheet),
        names=choice(NameStyle, "names", names),
        cache=optional_path(cache),
        overwrite=overwrite,
    ) as run:
        results = results_of(roots, run.plan(jobs=jobs, cluster=cluster), recursive=recursive)
        run.finish()
    return results
