"""Outputs have names of their own, below the folder that was given."""

from __future__ import annotations

import os
import sys

import pytest

from dcmview.bulk.naming import HASH_MARK, NameStyle, Naming, check_output_folder
from dcmview.errors import UsageError
from dcmview.model import FileStamp, InstanceHeader
from dcmview.registry.registry import Entry


def entry(path, uid=""):
    return Entry(0, str(path), FileStamp(0, 0, 0, 0), InstanceHeader(sop_instance_uid=uid))


def test_paths_are_mirrored_below_the_innermost_folder(tmp_path):
    inner = tmp_path / "study" / "series"
    inner.mkdir(parents=True)
    naming = Naming("/out", NameStyle.PATH, ".png", [str(tmp_path), str(tmp_path / "study")])
    assert naming.plan(entry(inner / "1.dcm")) == "/out/series/1.png"
    assert naming.plan(entry("/elsewhere/2.dcm")) == "/out/2.png"


def test_a_file_that_was_given_itself_does_not_hide_the_folder_that_was_given_too():
    naming = Naming("/out", NameStyle.PATH, ".png", ["/in", "/in/a/1.dcm", "/in/a/2.dcm", "/"])
    assert naming.plan(entry("/in/a/1.dcm")) == "/out/a/1.png"
    assert naming.plan(entry("/inside/3.dcm")) == "/out/inside/3.png"


def test_a_name_takes_no_longer_where_many_files_were_given():
    def calls_with(count):
        calls = []
        paths = [f"/in/{number}.dcm" for number in range(count)]
        naming = Naming("/out", NameStyle.PATH, ".png", paths)
        sys.setprofile(lambda *_event: calls.append(1))
        try:
            naming.plan(entry("/in/1.dcm"))
        finally:
            sys.setprofile(None)
        return len(calls)

    assert calls_with(1000) == calls_with(2)


def test_an_ending_that_is_part_of_the_name_stays():
    naming = Naming("/out", NameStyle.PATH, ".png")
    assert naming.plan(entry("/in/1.2.840")) == "/out/1.2.840.png"
    assert naming.plan(entry("/in/scan.DCM")) == "/out/scan.png"


def test_without_an_extension_names_stay():
    assert Naming("/out", NameStyle.PATH, "").plan(entry("/in/a.ima")) == "/out/a.ima"
    assert Naming("/out", NameStyle.UID, "").plan(entry("/in/a", "1.2.3")) == "/out/1.2.3.dcm"


def test_two_files_never_get_one_name():
    naming = Naming("/out", NameStyle.PATH, ".png")
    names = [naming.plan(entry(f"/in/{part}/IM.dcm")) for part in "abc"]
    assert names == ["/out/IM.png", "/out/IM-2.png", "/out/IM-3.png"]
    # Nor on a file system that does not tell case apart, or how an accent is written.
    assert naming.plan(entry("/in/d/im.dcm")) == "/out/im-4.png"
    assert naming.plan(entry("/in/e/caf\u00e9.dcm")) == "/out/caf\u00e9.png"
    assert naming.plan(entry("/in/f/cafe\u0301.dcm")) == "/out/cafe\u0301-2.png"


def test_a_number_is_not_looked_for_among_all_that_are_taken(monkeypatch):
    tried, join = [], Naming._join
    monkeypatch.setattr(Naming, "_join", lambda *names: tried.append(names) or join(*names))
    naming = Naming("/out", NameStyle.PATH, ".png")
    for number in range(100):
        naming.plan(entry(f"/in/{number}/IM.dcm"))
    assert len(tried) == 100


def test_a_file_that_comes_again_keeps_its_name():
    naming = Naming("/out", NameStyle.UID, ".png")
    assert (
        naming.plan(entry("/in/a", "1.2")) == naming.plan(entry("/in/a", "1.2")) == "/out/1.2.png"
    )
    assert naming.plan(entry("/in/b", "1.2")) == "/out/1.2-2.png"


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "1.2/3", "1" * 65, "1.2\n"])
def test_what_is_no_uid_is_no_name(uid):
    name = Naming("/out", NameStyle.UID, ".png").plan(entry("/in/a", uid))
    assert os.path.dirname(name) == "/out"
    assert os.path.basename(name).startswith("file-")


def test_names_out_of_archives_stay_below_the_folder(tmp_path):
    for root in (tmp_path, tmp_path / "a.zip"):
        naming = Naming("/out", NameStyle.PATH, ".png", [str(root)])
        name = naming.plan(entry(f"{tmp_path}/a.zip/../../x/./y.dcm"))
        assert os.path.normpath(name) == name
        assert name.startswith("/out/")


def test_a_name_out_of_an_archive_leads_to_no_other_drive(monkeypatch):
    monkeypatch.setattr("dcmview.bulk.naming._REFUSED", '<>:"|?*')  # as on Windows
    naming = Naming("/out", NameStyle.PATH, ".png", ["/in/a.zip"])
    assert naming.plan(entry("/in/a.zip/D:/b?.dcm")) == "/out/D_/b_.png"


def test_names_that_are_too_long_are_shortened():
    name = Naming("/out", NameStyle.PATH, ".png").plan(entry("/in/" + "ä" * 127))
    assert len(os.fsencode(os.path.basename(name))) < 255


def test_the_hash_is_put_in_by_the_worker():
    assert Naming("/out", NameStyle.HASH, ".png").plan(entry("/in/a")) == f"/out/{HASH_MARK}.png"


@pytest.mark.parametrize("folder", ["study", "study/out", "link/out"])
def test_outputs_do_not_go_among_the_inputs(tmp_path, folder):
    (tmp_path / "study").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "study")
    with pytest.raises(UsageError, match="lies in"):
        check_output_folder(str(tmp_path / folder), [str(tmp_path / "study")])


def test_outputs_that_replace_files_do_not_go_beside_one_that_is_read(tmp_path):
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / "1.dcm").write_bytes(b"")
    paths = [str(tmp_path / "out" / "a" / "1.dcm")]
    with pytest.raises(UsageError, match="holds"):
        check_output_folder(str(tmp_path / "out"), paths, overwrite=True)
    check_output_folder(str(tmp_path / "out"), paths)


def test_a_folder_beside_the_inputs_will_do(tmp_path):
    (tmp_path / "study").mkdir()
    check_output_folder(str(tmp_path / "study-out"), [str(tmp_path / "study")])


@pytest.mark.parametrize("name", ["", "file", "file/below", "gone"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_work(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    folder = str(tmp_path / name) if name else ""
    with pytest.raises(UsageError, match="no folder" if name else "no name"):
        check_output_folder(folder, [])
