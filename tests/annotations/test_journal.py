"""What is on the disk: nothing acknowledged is lost, and nothing of anybody else is overwritten."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rois import box, point, roi_lists

from dcmview.annotations import disk
from dcmview.annotations import journal as journal_module
from dcmview.annotations.journal import Journal
from dcmview.annotations.native import Contents, FileKey, read_native, write_native
from dcmview.annotations.operations import AddRoi, RemoveRoi
from dcmview.annotations.triage import Mark
from dcmview.errors import StartError

FILE, OTHER = FileKey("1.2", "/data/a.dcm"), FileKey("1.3", "/data/b.dcm")
ROIS = (box("a"), point("b"))

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and flock of POSIX")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rois.json"


@pytest.fixture
def log(path):
    return Path(f"{path}.journal")


@pytest.fixture
def opened(path):
    """Open the journal; each further call begins where the one before was killed."""
    alive = []

    def open_it(at=path):
        while alive:
            alive.pop()._let_go()
        alive.append(Journal(str(at)))
        return alive[-1]

    yield open_it
    while alive:
        alive.pop()._let_go()


def write(journal, key, **edit):
    """Make an edit that survives the process."""
    journal.append(key, **edit)
    journal.flush()


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_edits_are_repeated_in_their_order(opened):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    write(journal, FILE, operations=(RemoveRoi("a"), AddRoi(point("c"), index=0)))
    write(journal, OTHER, rois=())
    assert opened().found.rois == {FILE: (point("c"), point("b")), OTHER: ()}


def test_closing_leaves_one_file_that_reads_as_json_of_rois(opened, path, tmp_path):
    journal = opened()
    write(journal, FileKey("1.2", str(tmp_path / "x" / "a.dcm")), rois=ROIS)
    journal.close(lambda: Contents({FileKey("1.2", str(tmp_path / "x" / "a.dcm")): ROIS}))
    assert names(tmp_path) == ["rois.json"]
    (stored,) = read_native(path.read_bytes()).files
    assert (stored.path, stored.rois) == ("x/a.dcm", ROIS)


def test_without_an_edit_nothing_is_left_behind(opened, tmp_path):
    opened().close(Contents)
    assert names(tmp_path) == []


def test_a_folder_that_moves_with_its_files_keeps_them(opened, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    journal = opened(first / "rois.json")
    write(journal, FileKey("1.2", str(first / "a.dcm")), rois=ROIS)
    first.rename(second)
    assert opened(second / "rois.json").found.rois == {FileKey("1.2", str(second / "a.dcm")): ROIS}


def test_folding_begins_the_journal_anew_and_keeps_everything(opened, log):
    journal = opened()
    for _ in range(50):
        write(journal, FILE, rois=ROIS)
    size = log.stat().st_size
    journal.fold(Contents({FILE: ROIS}))
    assert log.stat().st_size < size / 20
    write(journal, OTHER, rois=ROIS)
    assert opened().found.rois == {FILE: ROIS, OTHER: ROIS}


def test_a_snapshot_cut_short_by_the_end_of_the_process_is_cleared_away(opened, path, tmp_path):
    write(opened(), FILE, rois=ROIS)
    path.with_name("rois.json.dcmview-unfinished").write_bytes(b'{"format":"dcmview-ro')
    assert opened().found.rois == {FILE: ROIS}
    assert names(tmp_path) == ["rois.json.journal"]


def test_the_journal_grows_no_larger_than_a_megabyte_or_the_snapshot(opened, log):
    journal = opened()
    note = box("a", note="x" * 9_000)
    while not journal.should_fold:
        write(journal, FILE, rois=(note,))
    assert 1024 * 1024 < log.stat().st_size < 1024 * 1024 + 20_000


@pytest.mark.parametrize("base", [None, write_native(Contents({FILE: (box("z"),)}))])
def test_dying_between_snapshot_and_new_journal_repeats_nothing(opened, path, log, base):
    if base is not None:
        path.write_bytes(base)
    journal = opened()
    write(journal, FILE, rois=ROIS)
    write(journal, FILE, operations=(RemoveRoi("a"),))
    before = log.read_bytes()
    journal.fold(Contents({FILE: (point("b"),)}))
    log.write_bytes(before)
    again = opened()
    assert again.found.rois == {FILE: (point("b"),)}
    assert again.warnings == []


@given(cut=st.integers(1, 200))
@settings(max_examples=40)
def test_a_torn_last_line_is_left_out_and_those_before_it_stand(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "rois.json"
    journal = Journal(str(path))
    write(journal, FILE, rois=ROIS)
    whole = Path(f"{path}.journal").read_bytes()
    write(journal, OTHER, rois=ROIS)
    torn = Path(f"{path}.journal").read_bytes()
    journal._let_go()
    cut = min(cut, len(torn) - len(whole))
    Path(f"{path}.journal").write_bytes(torn[: len(torn) - cut])
    again = Journal(str(path))
    assert again.found.rois == {FILE: ROIS}
    assert again.warnings == []
    write(again, OTHER, rois=ROIS)
    again._let_go()
    last = Journal(str(path))
    last._let_go()
    assert last.found.rois == {FILE: ROIS, OTHER: ROIS}


def test_a_damaged_line_costs_itself_alone_and_a_copy_is_kept(opened, log, tmp_path):
    journal = opened()
    for key in (FILE, OTHER, FileKey("1.4", "/data/c.dcm")):
        write(journal, key, rois=ROIS)
    content = bytearray(log.read_bytes())
    content[content.index(b"/data/b.dcm")] ^= 1
    log.write_bytes(content)
    again = opened()
    assert set(again.found.rois) == {FILE, FileKey("1.4", "/data/c.dcm")}
    (warning,) = again.warnings
    assert "1 line(s) could not be read and 1 edit(s) are missing" in warning
    (copy,) = tmp_path.glob("*.damaged-*")
    assert copy.read_bytes() == content
    assert str(copy) in warning
    last = opened()
    assert (last.found.rois, last.warnings) == (again.found.rois, [])


def test_lines_that_are_missing_are_noticed(opened, log, tmp_path):
    journal = opened()
    for _ in range(3):
        write(journal, FILE, rois=ROIS)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert "1 edit(s) are missing" in opened().warnings[0]
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


@given(st.data())
@settings(max_examples=60)
def test_whatever_happens_to_the_bytes_is_read_refused_or_kept_aside(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("journal")
    path, log = folder / "rois.json", folder / "rois.json.journal"
    journal = Journal(str(path))
    for rois in data.draw(st.lists(roi_lists(2), min_size=1, max_size=3)):
        write(journal, FILE, rois=rois)
    journal._let_go()
    content = bytearray(log.read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    content[start:end] = data.draw(st.binary(max_size=40))
    log.write_bytes(content)
    again = Journal(str(path))
    again._let_go()
    copies = [each.read_bytes() for each in folder.glob("*.damaged-*")]
    assert copies in ([], [bytes(content)])
    assert bool(copies) == bool(again.warnings)


@posix
def test_a_second_server_is_kept_out_until_the_first_one_has_gone(opened, path):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    program = (
        f"from dcmview.annotations.journal import Journal; print(Journal({str(path)!r}).found.rois)"
    )

    def second():
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )

    refused = second()
    assert f"StartError: --save-annotations {path}: another dcmview writes to it" in refused.stderr
    journal._let_go()
    assert "a.dcm" in second().stdout


@pytest.mark.parametrize(
    "content",
    [b"anon_dicom_path,ROI_coords\n", b"", b"\0" * 128 + b"DICM", b'{"format":"other"}'],
)
def test_a_file_of_something_else_is_left_alone(opened, path, content, tmp_path):
    path.write_bytes(content)
    with pytest.raises(StartError, match=r"rois\.json: is left alone: not JSON"):
        opened()
    assert path.read_bytes() == content
    assert names(tmp_path) == ["rois.json"]


@posix
def test_a_file_system_that_syncs_no_folders_and_has_no_modes_is_used(opened, path, monkeypatch):
    fsync = os.fsync

    def sync_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(disk.os, "fsync", sync_files)
    monkeypatch.setattr(journal_module.os, "fchmod", refuse)
    path.write_bytes(b'{"format":"dcmview-rois","version":1,"files":[]}')
    journal = opened()
    write(journal, FILE, rois=ROIS)
    journal.close(lambda: Contents({FILE: ROIS}))
    assert opened().found.rois == {FILE: ROIS}


@posix
def test_a_file_system_without_locks_is_used_and_said(opened, path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(disk.fcntl, "flock", fail)
    journal = opened()
    write(journal, FILE, rois=ROIS)
    (warning,) = journal.warnings
    assert "the file system has no locks" in warning
    assert opened().found.rois == {FILE: ROIS}


@posix
def test_two_servers_without_locks_do_not_write_over_each_other(opened, path, log, monkeypatch):
    monkeypatch.setattr(disk.fcntl, "flock", lambda *_: None)
    first, second = opened(), Journal(str(path))
    write(second, OTHER, rois=ROIS)
    first.append(FILE, rois=ROIS)
    with pytest.raises(OSError, match="was changed by another program"):
        first.flush()
    assert not first.is_in_place
    with pytest.raises(OSError, match="was changed by another program"):
        first.close(lambda: Contents({FILE: ROIS}))
    second._let_go()
    assert log.exists()
    assert opened().found.rois == {OTHER: ROIS}


def test_a_journal_of_another_file_is_not_mixed_in(opened, path):
    write(opened(), FILE, rois=ROIS)
    path.write_bytes(write_native(Contents({OTHER: ROIS})))
    with pytest.raises(StartError, match="does not belong to"):
        opened()


def test_json_of_rois_from_elsewhere_is_a_beginning(opened, path):
    path.write_bytes(write_native(Contents({OTHER: ROIS})))
    journal = opened()
    assert journal.found.rois == {OTHER: ROIS}
    write(journal, FILE, rois=ROIS)
    again = opened()
    assert (again.found.rois, again.warnings) == ({OTHER: ROIS, FILE: ROIS}, [])
    again.fold(again.found)
    write(again, FILE, rois=())
    assert opened().found.rois == {OTHER: ROIS, FILE: ()}


def test_a_snapshot_that_somebody_else_changed_is_not_overwritten(opened, path):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    journal.fold(Contents({FILE: ROIS}))
    path.write_bytes(b"precious")
    with pytest.raises(OSError, match="was changed by another program"):
        journal.fold(Contents({FILE: ROIS}))
    assert path.read_bytes() == b"precious"


def test_a_file_that_is_named_twice_keeps_what_both_say(opened, path):
    rois = '{"kind":"point","id":"%s","points":[{"x":1,"y":%d}]}'
    both = ",".join(
        f'{{"path":"{name}","rois":[{rois % ("p", place)}]}}'
        for place, name in enumerate(("a.dcm", "./a.dcm"))
    )
    path.write_text(f'{{"format":"dcmview-rois","version":1,"files":[{both}]}}')
    (found,) = opened().found.rois.values()
    assert [roi.points[0].y for roi in found] == [0, 1]
    assert len({roi.id for roi in found}) == 2


def test_a_file_that_may_not_be_written_is_left_alone(opened, path, monkeypatch):
    path.write_bytes(b'{"format":"dcmview-rois","version":1,"files":[]}')
    may = {os.W_OK: False}  # root may write all
    monkeypatch.setattr(journal_module.os, "access", lambda _path, mode: may[mode])
    with pytest.raises(StartError, match="may not be written"):
        opened()


@posix
def test_only_the_owner_reads_what_is_made_and_what_was_there_keeps_its_mode(opened, path, log):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    journal.fold(Contents({FILE: ROIS}))
    assert [stat.S_IMODE(os.stat(each).st_mode) for each in (path, log)] == [0o600, 0o600]
    path.chmod(0o640)
    opened().fold(Contents({FILE: ROIS}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("suffix", ["", ".journal"])
def test_a_link_is_not_followed(opened, path, tmp_path, suffix):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    Path(f"{path}{suffix}").symlink_to(victim)
    with pytest.raises(StartError, match="--save-annotations"):
        opened()
    assert victim.read_bytes() == b"precious"


def test_a_folder_that_is_not_there_cannot_be_saved_to(opened, tmp_path):
    with pytest.raises(StartError, match="No such file or directory"):
        opened(tmp_path / "gone" / "rois.json")


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files of a process")
def test_a_file_that_may_not_grow_leaves_the_earlier_edits_whole(opened, path):
    program = f"""
import resource
from dcmview.annotations.journal import Journal
from dcmview.annotations.native import FileKey
from support.rois import box
journal = Journal({str(path)!r})
journal.append(FileKey("1", "/a"), rois=(box("a"),))
journal.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
for number in range(9):
    try:
        journal.append(FileKey("1", "/a"), rois=(box(f"b{{number}}"),) * 3)
        journal.flush()
    except OSError as exc:
        print(number, exc.errno)
        break
"""
    tests = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
    )
    number, reason = map(int, ended.stdout.split())
    assert reason == errno.EFBIG
    assert path.with_name("rois.json.journal").stat().st_size == 600
    again = opened()
    saved = box("a") if number == 0 else box(f"b{number - 1}")
    assert again.found.rois[FileKey("1", "/a")][0] == saved


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one_and_the_journal(
    opened, path, monkeypatch
):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    journal.fold(Contents({FILE: ROIS}))
    write(journal, OTHER, rois=ROIS)
    before = path.read_bytes()

    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(journal_module.os, "replace", fail)
        with pytest.raises(OSError, match="Input/output error"):
            journal.fold(Contents({FILE: ROIS, OTHER: ROIS}))
    assert path.read_bytes() == before
    assert names(path.parent) == ["rois.json", "rois.json.journal"]
    assert opened().found.rois == {FILE: ROIS, OTHER: ROIS}


def test_marks_are_repeated_and_folded_with_the_rois(opened, path):
    journal = opened()
    write(journal, FILE, rois=ROIS)
    for mark in (Mark("keep"), Mark("reject", "motion", "2024-01-31T09:15:00Z")):
        journal.append_mark(FILE, mark)
    journal.append_mark(OTHER, Mark("unsure"))
    journal.append_mark(OTHER, Mark())
    journal.flush()
    expected = {FILE: Mark("reject", "motion", "2024-01-31T09:15:00Z"), OTHER: Mark()}
    journal = opened()
    assert (journal.found.marks, journal.found.rois) == (expected, {FILE: ROIS})
    journal.fold(journal.found)
    assert opened().found.marks == expected


def test_a_new_file_under_the_old_name_of_a_moved_one_keeps_what_is_its_own(opened):
    moved = FileKey("1.2", "/data/moved.dcm")
    journal = opened()
    write(journal, FILE, rois=ROIS)
    journal.append_mark(FILE, Mark("keep"))
    journal.note_move(FILE, moved)
    write(journal, moved, operations=(AddRoi(point("more")),))
    write(journal, FILE, rois=(point("new"),))
    journal.append_mark(FILE, Mark("reject"))
    write(journal, moved, operations=(RemoveRoi("more"),))
    found = opened().found
    assert found.rois == {moved: ROIS, FILE: (point("new"),)}
    assert found.marks == {moved: Mark("keep"), FILE: Mark("reject")}
