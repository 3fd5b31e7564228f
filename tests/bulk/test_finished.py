"""Finished is what a run would make again: of this file as it is, with these settings."""

from __future__ import annotations

import errno
import os
import shutil
import time

import pytest
from pydicom.data import get_testdata_file
from support.bulk_tasks import Copy

from dcmview.__main__ import run
from dcmview.bulk import files, finished
from dcmview.bulk.files import new_file, stamps_of
from dcmview.bulk.finished import FinishedBefore, is_finished, origin_of
from dcmview.bulk.inputs import Inputs, entry_of
from dcmview.bulk.naming import NameStyle, Naming
from dcmview.bulk.result import Status
from dcmview.bulk.run import BulkPlan, BulkRun
from dcmview.errors import OutputExists

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)
ORIGIN = b"this file, made in this way"


@pytest.fixture(params=["without a name", "with a name of its own", "without links"])
def _system(request, monkeypatch):
    """File systems that know files without a name, and others."""
    if request.param != "without a name":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if request.param == "without links":

        def refuse(*_args, **_options):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(files.os, "link", refuse)


def write(path, content=b"made", origin=ORIGIN, **options):
    with new_file(str(path), origin=origin, **options) as stream:
        stream.write(content)


@pytest.mark.usefixtures("_system")
def test_what_is_written_bears_a_mark_and_the_time_of_day(tmp_path):
    path = tmp_path / "out"
    before = time.time()
    write(path)
    assert is_finished(str(path), ORIGIN)
    assert not is_finished(str(path), b"another file, or another way")
    assert before - 1 <= path.stat().st_mtime <= time.time()


@pytest.mark.usefixtures("_system")
def test_without_a_mark_the_bytes_are_compared(tmp_path):
    path = tmp_path / "out"
    write(path)
    os.utime(path, ns=(10**18, 10**18))
    assert not is_finished(str(path), ORIGIN)
    with pytest.raises(FinishedBefore):
        write(path)
    for content in (b"else", b"mad", b"made longer"):
        with pytest.raises(OutputExists, match="made of something else or in another way"):
            write(path, content)
    assert path.read_bytes() == b"made"
    assert os.listdir(tmp_path) == ["out"]
    write(path, b"else", overwrite=True)
    assert path.read_bytes() == b"else"


def test_what_cannot_be_compared_is_told_as_that(tmp_path, monkeypatch):
    path = tmp_path / "out"
    path.write_bytes(b"made")

    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(finished.os.path, "getsize", refuse)
    with pytest.raises(OutputExists, match=r"cannot be compared \(Permission denied\)"):
        write(path)
    assert path.read_bytes() == b"made"


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize(("content", "end"), [(b"made", FinishedBefore), (b"else", OutputExists)])
def test_what_comes_meanwhile_is_compared_too(tmp_path, monkeypatch, content, end, is_named):
    path, link = tmp_path / "out", os.link

    def link_late(*arguments, **options):
        path.write_bytes(content)
        link(*arguments, **options)

    if is_named:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(files.os, "link", link_late)
    with pytest.raises(end):
        write(path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["out"]


def test_an_output_is_never_older_than_its_input(tmp_path):
    # Half of all marks are less than the fraction of a second at which something is written.
    for number in range(12):
        (tmp_path / "in").write_bytes(b"just written")
        path = tmp_path / f"out {number}"
        write(path, inputs=stamps_of([str(tmp_path / "in")]))
        assert path.stat().st_mtime_ns >= (tmp_path / "in").stat().st_mtime_ns
        assert is_finished(str(path), ORIGIN)


def test_a_file_that_lost_its_content_in_a_crash_is_not_finished(tmp_path):
    path = tmp_path / "out"
    write(path)
    marked = path.stat().st_mtime_ns
    path.write_bytes(b"")
    os.utime(path, ns=(marked, marked))
    assert not is_finished(str(path), ORIGIN)


def test_times_of_100_ns_keep_a_mark_and_whole_seconds_are_none(tmp_path):
    path = tmp_path / "out"
    write(path)
    marked = path.stat().st_mtime_ns
    for coarseness, expected in ((100, True), (1_000, False), (10**9, False)):
        coarse = marked - marked % coarseness
        os.utime(path, ns=(coarse, coarse))
        assert is_finished(str(path), ORIGIN) is (expected or coarse == marked)


def test_an_edit_a_link_and_another_name_take_the_mark(tmp_path):
    path = tmp_path / "out"
    write(path)
    (tmp_path / "link").symlink_to(path)
    assert not is_finished(str(tmp_path / "link"), ORIGIN)
    assert not is_finished(str(tmp_path), ORIGIN)
    shutil.copy2(path, tmp_path / "renamed")
    assert not is_finished(str(tmp_path / "renamed"), ORIGIN)
    path.write_bytes(b"edit")
    assert not is_finished(str(path), ORIGIN)


def test_an_origin_is_the_file_as_it_is_and_the_way(tmp_path):
    shutil.copy(CT, tmp_path / "a.dcm")
    shutil.copy(CT, tmp_path / "b.dcm")
    entry, other = (entry_of(str(tmp_path / name)) for name in ("a.dcm", "b.dcm"))
    origins = {origin_of(entry, "200 px"), origin_of(entry, "400 px"), origin_of(other, "200 px")}
    origins.add(origin_of(entry, "200 px", "with ROIs"))
    origins.add(origin_of(entry, "200 px", "of a name that is no text: \udcff"))
    os.utime(tmp_path / "a.dcm", ns=(10**18, 10**18))
    touched = entry_of(str(tmp_path / "a.dcm"))
    origins.add(origin_of(touched, "200 px"))
    assert len(origins) == 6
    assert origin_of(entry_of(touched.path), "200 px") == origin_of(touched, "200 px")


class Watched(Copy):
    """Tells which files it is called for."""

    def __init__(self, calls):
        super().__init__()
        object.__setattr__(self, "calls", calls)

    def __call__(self, job):
        self.calls.append(os.path.basename(job.entry.path))
        return super().__call__(job)


def test_what_bears_its_mark_is_not_made_again_and_what_was_touched_is(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.dcm", "b.dcm"):
        shutil.copy(CT, tmp_path / "in" / name)
    calls = []

    def ends():
        calls.clear()
        naming = Naming(str(tmp_path / "out"), NameStyle.PATH, "", [str(tmp_path / "in")])
        bulk = BulkRun(
            Inputs([str(tmp_path / "in")]), BulkPlan(Watched(calls), naming.plan, made_with="copy")
        )
        results = [each for each in bulk.results() if each is not None]
        return [(each.status, each.reason) for each in results], list(calls)

    assert ends() == ([(Status.DONE, "")] * 2, ["a.dcm", "b.dcm"])
    before = (tmp_path / "out/b.dcm").stat().st_mtime_ns
    assert ends() == ([(Status.SKIPPED, "finished before")] * 2, [])
    os.utime(tmp_path / "in/b.dcm", ns=(10**18, 10**18))
    assert ends() == ([(Status.SKIPPED, "finished before")] * 2, ["b.dcm"])
    assert (tmp_path / "out/b.dcm").stat().st_mtime_ns == before


ROIS = 'anon_dicom_path,ROI_coords\n{path},"[[2,3,20,{right}]]"\n'
WAYS = {
    "thumbnail": (["--names", "path"], ["--names", "path", "--size", "40"]),
    "thumbnail with a cache": (
        ["--names", "path", "--cache", "{folder}/cache"],
        ["--names", "path", "--cache", "{folder}/cache", "--size", "40"],
    ),
    "thumbnail by content": (["--names", "hash"], ["--names", "hash", "--label"]),
    "render": (["-f", "png"], ["-f", "png", "--window", "40,400"]),
    "render as JSON": ([], ["--window", "40,400"]),
    "render every frame": (
        ["-f", "png", "--all-frames"],
        ["-f", "png", "--all-frames", "--invert"],
    ),
    "transcode": (["--to", "rle"], ["--to", "explicit"]),
    "transcode with loss": (
        ["--to", "j2klossy", "--ratio", "4"],
        ["--to", "j2klossy", "--ratio", "8"],
    ),
    "overlay": (["-a", "{folder}/rois.csv"], ["-a", "{folder}/rois.csv", "--outline"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_made_of_another_file_or_in_another_way_is_not_skipped(
    tmp_path, monkeypatch, capsys, way
):
    command = way.split()[0]
    first, second = ([part.format(folder=tmp_path) for part in options] for options in WAYS[way])
    source, out = tmp_path / "in/1.dcm", tmp_path / "out"
    source.parent.mkdir()
    shutil.copy(CT, source)
    (tmp_path / "rois.csv").write_text(ROIS.format(path=source, right=30))

    def ended(options):
        code = run([command, str(source), *options, "--output-dir", str(out)])
        return code, capsys.readouterr().err

    def made():
        return {path.name: path.read_bytes() for path in out.iterdir()}

    assert ended(first)[0] == 0
    before = made()
    with monkeypatch.context() as patched:
        patched.setattr(files, "compare", None)  # the mark is enough
        code, told = ended(first)
    assert (code, "finished before" in told) == (0, True)
    code, told = ended(second)
    assert (code, "in another way" in told, made()) == (4, True, before)
    shutil.copy(MR, source)
    if "hash" not in first:
        code, told = ended(first)
        assert (code, "of something else" in told, made()) == (4, True, before)
    assert ended([*first, "--overwrite"])[0] == 0
    assert made() != before


@pytest.mark.parametrize("form", ["json", "csv", "png"])
def test_planes_taken_out_of_another_file_are_not_skipped(tmp_path, capsys, form):
    source, out = tmp_path / "1.dcm", tmp_path / "out"
    shutil.copy(get_testdata_file("MR-SIEMENS-DICOM-WithOverlays.dcm", download=False), source)
    command = ["overlay", str(source), "--extract", form, "-o", str(out)]
    assert [run(command), run(command)] == [0, 0]
    assert "finished before" in capsys.readouterr().err
    (first, *_) = sorted(out.iterdir())
    first.write_bytes(b"of another image")
    assert run(command) == 4
    assert "of something else" in capsys.readouterr().err
    assert first.read_bytes() == b"of another image"


@pytest.mark.parametrize("options", [["overlay", "-a"], ["render", "-f", "png", "--annotations"]])
def test_other_rois_are_another_way(tmp_path, capsys, options):
    source, rois = tmp_path / "1.dcm", tmp_path / "rois.csv"
    shutil.copy(CT, source)
    codes = []
    for right in (30, 30, 40):
        rois.write_text(ROIS.format(path=source, right=right))
        codes.append(run([*options, str(rois), str(source), "--output-dir", str(tmp_path / "out")]))
    assert codes == [0, 0, 4]
    assert "in another way" in capsys.readouterr().err
