"""A run of ``dcmview overlay``, and the function of the same name."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from dcmview.annotations.plain_csv import parse_columns
from dcmview.bulk.naming import NameStyle, Naming, check_output_folder
from dcmview.bulk.run import BulkPlan
from dcmview.commands.arguments import choice, path_list, results_of
from dcmview.commands.overlay_tasks import ExtractPlanes, FileRois, PutPlanes
from dcmview.errors import InvalidAnnotation, NothingToShow, UsageError
from dcmview.exchange.assignment import Assignment, RoiSources, assign
from dcmview.exchange.planes import PLAIN_STYLE, PlaneStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    from dcmview.bulk.result import Result
    from dcmview.commands.arguments import AnyPath
    from dcmview.exchange.plane_files import PlaneForm
    from dcmview.registry.registry import Entry


class RoisOfRun:
    """Which ROIs are whose in a run: known when all its files are.

    Parameters
    ----------
    sources : RoiSources
        The files of ROIs.
    copy_all : bool
        Whether a run without a single ROI makes sense.
    warn : callable
        Told what was left out and what belongs to no file.
    """

    def __init__(self, sources: RoiSources, *, copy_all: bool, warn: Callable[[str], None]) -> None:
        self._sources = sources
        self._copy_all = copy_all
        self._warn = warn
        self._assignment = Assignment()

    def prepare(self, entries: Sequence[Entry]) -> None:
        """Find out.

        Raises
        ------
        NothingToShow
            If no file has ROIs.
        """
        self._assignment = assign(self._sources, entries)
        for warning in self._assignment.warnings:
            self._warn(warning)
        if entries and not self._assignment.rois and not self._copy_all:
            raise NothingToShow(f"none of {len(entries):,} file(s) has ROIs")

    def extra_for(self, entry: Entry) -> FileRois:
        """Give what belongs to a file."""
        path = entry.path
        return FileRois(self._assignment.rois.get(path, ()), self._assignment.notes.get(path, ""))


def overlay(
    paths: AnyPath | Iterable[AnyPath],
    output_dir: AnyPath,
    *,
    annotations: AnyPath | Iterable[AnyPath] = (),
    annotations_columns: str = "",
    extract: Literal["json", "csv", "embed", "png", "npy", "nii"] | None = None,
    one_plane: bool = False,
    type: Literal["R", "G"] = "R",  # noqa: A002, the name that the command has
    label: str = "",
    description: str = "",
    crop: bool = False,
    lines: bool = False,
    outline: bool = False,
    keep_uid: bool = False,
    copy_all: bool = False,
    names: Literal["path", "uid", "hash"] = "path",
    overwrite: bool = False,
    recursive: bool = True,
    jobs: int = 1,
    cluster: str | None = None,
) -> list[Result]:
    """Put ROIs into copies of DICOM files as overlay planes, or take planes out of files.

    What belongs to no file, or does not fit its image, is warned of.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, folders, archives.
    output_dir : path
        Where copies go, or masks and ROIs.
    annotations : path or iterable of paths
        Files of ROIs and masks, in any form that the viewer reads, and NIfTI.
    annotations_columns : str
        Which column of another CSV table has what: ``file=image_path,xmin=x1,...``
    extract : str, optional
        Take planes out instead: as ROIs (``json``, ``csv``, ``embed``, the latter boxes
        alone) or as masks (``png``, ``npy``, ``nii``).
    one_plane, type, label, description, crop, lines, outline
        See `PlaneStyle`, where the type is called ``kind``.
    keep_uid : bool
        Whether copies have the SOP Instance UID of their file.
    copy_all : bool
        Whether files without ROIs are copied, too.
    names : str
        What outputs are called by: the path below the folder that was given, the SOP
        Instance UID, or the SHA-256 of the file.
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
        How each file ended, in order.

    Raises
    ------
    UsageError
        If the arguments make no sense.
    StartError
        If a file of ROIs cannot be read, no Dask scheduler answers, or no process can be started.
    NotInstalled
        If NIfTI is to be read or written, or a cluster used, and the package for it is not there.
    NothingToShow
        If no file has ROIs.
    """
    roots, tables = path_list(paths), path_list(annotations)
    if type not in ("R", "G"):
        raise UsageError(f"type must be R or G, not {type}")
    style = PlaneStyle(
        one_plane=one_plane,
        kind=type,
        label=label,
        description=description,
        crop=crop,
        lines=lines,
        outline=outline,
    )
    if extract is not None and (
        style != PLAIN_STYLE or annotations_columns or keep_uid or copy_all
    ):
        raise UsageError("planes are taken out or put in: extract takes no options of new ones")
    told: list[str] = []
    plan = overlay_plan(
        roots,
        os.fspath(output_dir),
        task=PutPlanes(style, keep_uid, copy_all) if extract is None else ExtractPlanes(extract),
        annotations=tables,
        annotations_columns=annotations_columns,
        names=names,
        warn=told.append,
        overwrite=overwrite,
        jobs=jobs,
        cluster=cluster,
    )
    try:
        return results_of(roots, plan, recursive=recursive)
    finally:
        for message in told:
            warnings.warn(message, stacklevel=2)


def overlay_plan(
    paths: Sequence[str],
    output_dir: str,
    *,
    task: PutPlanes | ExtractPlanes,
    annotations: Sequence[str],
    annotations_columns: str,
    names: str,
    warn: Callable[[str], None],
    overwrite: bool,
    jobs: int,
    cluster: str | None,
) -> BulkPlan:
    """Plan a run.

    Raises
    ------
    UsageError
        If the options make no sense together.
    StartError
        If a file of ROIs cannot be read.
    NotInstalled
        If NIfTI is to be read or written, and the package for it is not there.
    """
    style = choice(NameStyle, "names", names)
    check_output_folder(output_dir, paths, overwrite=overwrite)
    if isinstance(task, ExtractPlanes):
        if annotations:
            raise UsageError("planes are taken out or put in: extract takes no annotations")
        form = _form_of(task)
        naming = Naming(output_dir, style, form.extension, paths, form.suffix)
        return BulkPlan(task, naming.plan, overwrite=overwrite, jobs=jobs, cluster=cluster)
    if not annotations:
        raise UsageError("no annotations given, and nothing to extract")
    try:
        columns = parse_columns(annotations_columns)
    except InvalidAnnotation as exc:
        raise UsageError(f"columns of annotations: {exc.message}") from exc
    sources = RoiSources().read(annotations, columns)
    rois = RoisOfRun(sources, copy_all=task.copy_all, warn=warn)
    return BulkPlan(
        task,
        Naming(output_dir, style, "", paths).plan,
        overwrite=overwrite,
        jobs=jobs,
        cluster=cluster,
        extra_for=rois.extra_for,
        prepare=rois.prepare,
    )


def _form_of(task: ExtractPlanes) -> PlaneForm:
    """Give the form that files get, if they can be written."""
    from dcmview.exchange.plane_files import PLANE_FORMS

    if task.form not in PLANE_FORMS:
        raise UsageError(f"extract must be one of {', '.join(PLANE_FORMS)}, not {task.form!r}")
    if task.form == "nii":
        from dcmview.exchange.nifti import nibabel

        nibabel()  # missing, it is missing for every file
    return PLANE_FORMS[task.form]
