"""A run of ``dcmview transcode``, and the function of the same name."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from dcmview.bulk.files import new_file, put_names_on_disk, unwritten_told
from dcmview.bulk.naming import NameStyle, Naming, check_output_file, check_output_folder
from dcmview.bulk.run import BulkPlan
from dcmview.commands.arguments import choice, optional_path, path_list, results_of
from dcmview.commands.transcode_tasks import TranscodeTask, make_task
from dcmview.errors import DcmviewError, StartError, UsageError
from dcmview.transcoding.policy import is_directory
from dcmview.transcoding.spooling import pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Literal, Self

    from dcmview.bulk.result import Result
    from dcmview.commands.arguments import AnyPath
    from dcmview.exchange.zipped import Member
    from dcmview.model import FileStamp
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.fileset import FileSet

_ZIP_FOLDER = ".dcmview-zip-"
_DICOMDIR = "DICOMDIR"


class TranscodeRun:
    """A run of the command: what is done to the files, and what is made of all of them.

    Parameters
    ----------
    task : TranscodeTask
        What is done to each file.
    paths : sequence of str
        The paths that the user gave, for mirrored names.
    output_dir, zip_path : str or None
        Where the files go: one of them.
    names : NameStyle
        What they are called by.
    with_dicomdir : bool
        Whether they become a File-set, whose names are its own.
    overwrite : bool
        Whether what is there is made again.

    Raises
    ------
    UsageError
        If nothing is to be written, or where it must not be.
    """

    def __init__(
        self,
        task: TranscodeTask,
        paths: Sequence[str],
        *,
        output_dir: str | None = None,
        zip_path: str | None = None,
        names: NameStyle = NameStyle.PATH,
        with_dicomdir: bool = False,
        overwrite: bool = False,
    ) -> None:
        if (output_dir is None) == (zip_path is None):
            raise UsageError("give one of --output-dir and --zip: no file is ever changed in place")
        if with_dicomdir and names is not NameStyle.PATH:
            raise UsageError("--dicomdir gives files names of its own: --names makes no sense")
        if with_dicomdir and output_dir is not None and not overwrite:
            _require_empty(output_dir)
        self._is_durable = task.options.prove
        # Of an archive, what is in it is written once more.
        self._task = replace(task, is_durable=self._is_durable and zip_path is None)
        self._zip_path, self._overwrite = zip_path, overwrite
        self._ending = ExitStack()
        self._stamps: list[FileStamp] = []
        if zip_path is not None:
            output_dir = self._folder_beside(zip_path, paths)
        assert output_dir is not None
        check_output_folder(output_dir, paths, overwrite=overwrite)
        self._folder = os.path.abspath(output_dir)
        self._naming = Naming(self._folder, names, "", paths)
        self._file_set = _new_file_set() if with_dicomdir else None
        self._file_ids: dict[str, tuple[str, ...]] = {}
        self._outputs: dict[str, str] = {}
        """What was made, and what it is called in the archive."""
        self._names_taken: dict[str, int] = {}
        self.unlisted: list[tuple[str, str]] = []
        """Files that the DICOMDIR does not name, and why; the folder for those of others."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ending.close()

    def _folder_beside(self, zip_path: str, paths: Sequence[str]) -> str:
        """A folder where also the workers of a cluster can write; it goes with this run."""
        if not zip_path:
            raise UsageError("the archive has no name")
        if os.path.lexists(zip_path) and not self._overwrite:
            raise UsageError(
                "there is a file of that name, and archives are not gone on with; --overwrite "
                f"replaces it: {zip_path}"
            )
        check_output_file(zip_path, paths)
        folder = os.path.dirname(os.path.abspath(zip_path))
        check_output_folder(os.path.join(folder, _ZIP_FOLDER), paths)
        try:
            os.makedirs(folder, exist_ok=True)
            made = tempfile.mkdtemp(prefix=_ZIP_FOLDER, dir=folder)
        except OSError as exc:
            raise StartError(f"there can be no archive at {zip_path}: {exc.strerror}") from exc
        self._ending.callback(shutil.rmtree, made, ignore_errors=True)
        return made

    def plan(self, *, jobs: int = 1, cluster: str | None = None) -> BulkPlan:
        """Say what is done to each file."""
        return BulkPlan(self._task, self._output_for, self._overwrite, jobs, cluster)

    def take(self, result: Result) -> Result:
        """Note what a file became; give the result with the places where outputs will stay."""
        for path in result.outputs:
            if path not in self._outputs:
                self._outputs[path] = path if self._zip_path is None else self._member_name(path)
        if self._zip_path is None:
            return result
        archive = os.path.abspath(self._zip_path)
        outputs = tuple(os.path.join(archive, self._outputs[path]) for path in result.outputs)
        return structs.replace(result, outputs=outputs)

    def finish(self, *, is_whole: bool = True) -> None:
        """Write DICOMDIR and archive, when all files are done; see to it that names last.

        Of a run that was interrupted, which is not whole, only the latter.

        Raises
        ------
        OutputExists
            If somebody else has made a file of that name meanwhile.
        NotSaved
            If it cannot be written.
        """
        if is_whole:
            with unwritten_told(self._zip_path or self._folder):
                self._write()
        if self._is_durable and self._zip_path is None:
            put_names_on_disk(self._names())

    def _write(self) -> None:
        directory = self._dicomdir()
        if self._zip_path is not None:
            from dcmview.exchange.zipped import stream_zip

            with new_file(
                self._zip_path,
                overwrite=self._overwrite,
                inputs=tuple(self._stamps),
                is_durable=self._is_durable,
            ) as stream:
                for piece in stream_zip(self._members(directory)):
                    stream.write(piece)
            if self._is_durable:
                put_names_on_disk([self._zip_path])
        elif directory is not None:
            path = os.path.join(self._folder, _DICOMDIR)
            with new_file(path, overwrite=self._overwrite, is_durable=self._is_durable) as stream:
                stream.write(directory)

    def _output_for(self, entry: Entry) -> str:
        if self._zip_path is not None:
            self._stamps.append(entry.stamp)
        if self._file_set is None:
            return self._naming.plan(entry)
        if is_directory(entry):
            return ""  # the File-set gets its own; as a file of it, it would name others
        file_id = self._file_set.place(entry)
        path = os.path.join(self._folder, *file_id)
        self._file_ids[path] = file_id
        return path

    def _names(self) -> set[str]:
        """Give the outputs, and the folders that they lie in."""
        names = set(self._outputs)
        for path in self._outputs:
            folder = os.path.dirname(path)
            while folder not in names and len(folder) >= len(self._folder):
                names.add(folder)
                folder = os.path.dirname(folder)
        return names

    def _dicomdir(self) -> bytes | None:
        if self._file_set is None:
            return None
        for path in self._outputs:
            try:
                with open(path, "rb") as stream:
                    self._file_set.add(self._file_ids[path], stream)
            except DcmviewError as exc:
                self.unlisted.append((self._outputs[path], exc.message))
        if others := self._others():
            reason = f"{others:,} file(s) lie there that the DICOMDIR does not name"
            self.unlisted.insert(0, (self._folder, reason))
        return self._file_set.encoded()

    def _others(self) -> int:
        """How many files of the folder are not of this run: on a medium they would be strays."""
        found = (
            os.path.join(folder, name)
            for folder, _, names in os.walk(self._folder)
            for name in names
        )
        ours = self._outputs.keys() | {os.path.join(self._folder, _DICOMDIR)}
        return sum(path not in ours for path in found)

    def _members(self, directory: bytes | None) -> Iterator[Member]:
        from dcmview.exchange.zipped import Member

        for path, name in self._outputs.items():
            with open(path, "rb") as stream:
                yield Member(name, pieces_of(stream))
        if directory is not None:
            yield Member(_DICOMDIR, (directory,))

    def _member_name(self, path: str) -> str:
        from dcmview.exchange.zipped import text_of_path
        from dcmview.registry.archive_names import name_of_its_own

        name = text_of_path(os.path.relpath(path, self._folder)).replace(os.sep, "/")
        # Where a backslash parts folders, names must not lead out of theirs.
        return name_of_its_own(name.replace("\\", "_"), self._names_taken)


def _new_file_set() -> FileSet:
    from dcmview.transcoding.fileset import FileSet  # brings pydicom, which few runs need

    return FileSet()


def _require_empty(folder: str) -> None:
    """Refuse a folder with files: by its number, one of another run looks like one of ours."""
    try:
        has_files = os.path.isdir(folder) and os.listdir(folder)
    except OSError as exc:
        raise StartError(f"{folder} cannot be looked into: {exc.strerror}") from exc
    if has_files:
        raise UsageError(f"--dicomdir wants an empty folder; --overwrite takes this one: {folder}")


def transcode(
    paths: AnyPath | Iterable[AnyPath],
    to: str,
    output_dir: AnyPath | None = None,
    *,
    zip: AnyPath | None = None,  # noqa: A002, the name that the command has
    dicomdir: bool = False,
    quality: int | None = None,
    ratio: float | None = None,
    near: int | None = None,
    allow_recompress: bool = False,
    prove: bool = True,
    on_failure: Literal["keep", "skip", "fail"] = "keep",
    only_uncompressed: bool = False,
    only_compressed: bool = False,
    accept: str | Iterable[str] = (),
    offset_table: Literal["auto", "basic", "extended", "none"] = "auto",
    names: Literal["path", "uid", "hash"] = "path",
    overwrite: bool = False,
    recursive: bool = True,
    jobs: int = 1,
    cluster: str | None = None,
) -> list[Result]:
    """Write DICOM files in another transfer syntax, as ``dcmview transcode`` does.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, folders and archives. None of them is ever changed.
    to : str
        UID or keyword of the transfer syntax: ``JPEG2000Lossless``, ``rle``.
    output_dir : path, optional
        Folder for the files.
    zip : path, optional
        An archive for them instead.
    dicomdir : bool
        Make it a File-set with a DICOMDIR, whose names are its own.
    quality, ratio, near : number, optional
        How lossy syntaxes compress; each takes some of them.
    allow_recompress : bool
        Let what was compressed with loss lose again.
    prove : bool
        Decode each frame again and compare it, and wait until the outputs are on the disk.
    on_failure : {"keep", "skip", "fail"}
        What becomes of a file that cannot be transcoded: it goes out as it is, it
        does not, or it is a failure.
    only_uncompressed, only_compressed : bool
        Which files are transcoded; others go out as they are.
    accept : str or iterable of str
        Transfer syntaxes whose files go out as they are.
    offset_table : {"auto", "basic", "extended", "none"}
        Where compressed files say at which place each frame begins.
    names : {"path", "uid", "hash"}
        What outputs are called by: path below the folder that was given, SOP
        Instance UID of the file, or SHA-256 of the file.
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
        If there is no such cluster, no place for the archive, or no process can be started.
    NotSaved
        If archive or DICOMDIR cannot be written.
    """
    roots = path_list(paths)
    task = make_task(
        to,
        quality=quality,
        ratio=ratio,
        near=near,
        allow_recompress=allow_recompress,
        prove=prove,
        on_failure=on_failure,
        only_uncompressed=only_uncompressed,
        only_compressed=only_compressed,
        accept=accept,
        offset_table=offset_table,
    )
    with TranscodeRun(
        task,
        roots,
        output_dir=optional_path(output_dir),
        zip_path=optional_path(zip),
        names=choice(NameStyle, "names", names),
        with_dicomdir=dicomdir,
        overwrite=overwrite,
    ) as run:
        results = results_of(roots, run.plan(jobs=jobs, cluster=cluster), recursive=recursive)
        results = [run.take(result) for result in results]
        run.finish()
    for path, reason in run.unlisted:
        warnings.warn(f"{path}: {reason}", stacklevel=2)
    return results
