"""The ROIs of all files: edits come first, and are counted until nobody would lose them."""

from __future__ import annotations

import errno
import os
import time

import pytest
from support.rois import box, point

from dcmview.annotations import disk
from dcmview.annotations import journal as journal_module
from dcmview.annotations.journal import Journal
from dcmview.annotations.losses import EMBED, is_carried
from dcmview.annotations.native import FileKey
from dcmview.annotations.operations import AddRoi, RemoveRoi, ReplaceRoi
from dcmview.annotations.rectangle import parse_rectangles
from dcmview.annotations.saving import Saving
from dcmview.annotations.store import FileEdit, RoiStore
from dcmview.errors import InvalidAnnotation, NotSaved, StaleRevision


def everything(_roi):
    return True


def plain_boxes(roi):
    return is_carried(roi, EMBED)


FILE, OTHER = FileKey("1.2", "/data/a.dcm"), FileKey("1.3", "/data/b.dcm")
LOADED, DRAWN = (box("loaded"),), (box("drawn"),)


@pytest.fixture
def open_store(tmp_path):
    """Give a store that saves to one file; a new one closes the one before, as a crash would."""
    opened = []

    def open_it(**options):
        if opened:
            opened[-1]._let_go()
        opened.append(Journal(str(tmp_path / "rois.json")))
        return RoiStore(Saving(opened[-1], **options))

    yield open_it
    opened[-1]._let_go()


@pytest.fixture
def full_disk(monkeypatch):
    """Make every write fail half-way until it is called with False."""
    write = os.write
    state = {"full": True}

    def write_some(descriptor, data):
        if not state["full"]:
            return write(descriptor, data)
        write(descriptor, bytes(data[: len(data) // 2]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk.os, "write", write_some)
    return lambda full: state.update(full=full)


def test_a_loaded_table_never_replaces_an_edit():
    store = RoiStore()
    store.replace(FILE, DRAWN)
    store.load(FILE, LOADED)
    assert store.get(FILE).rois == DRAWN


def test_what_is_loaded_late_changes_the_revision_for_who_has_seen_the_file_without():
    store = RoiStore()
    store.load(FILE, LOADED)
    assert store.get(FILE).revision == 0
    assert store.load(FILE, (box("late", 5, 5, 6, 6),), is_late=True)
    assert [roi.id for roi in store.get(FILE).rois] == ["loaded", "late"]
    assert store.get(FILE).revision == 1
    assert not store.unsaved()


def test_added_rois_that_are_there_already_make_no_edit():
    store = RoiStore()
    store.replace(FILE, DRAWN)
    assert store.add_many([(FILE, (box(""), box("drawn")))]) == ([1], "")
    assert store.get(FILE).revision == 2
    assert store.add_many([(FILE, (box(""), box("drawn")))]) == ([0], "")
    assert store.get(FILE).revision == 2


def test_an_added_roi_under_the_id_of_another_is_kept_beside_it():
    store = RoiStore()
    store.replace(FILE, DRAWN)
    assert store.add_many([(FILE, (box("drawn", label="other"),))]) == ([1], "")
    first, second = store.get(FILE).rois
    assert first == DRAWN[0]
    assert second.label == "other"
    assert second.id not in ("", "drawn")


def test_rois_that_were_all_deleted_stay_deleted():
    store = RoiStore()
    store.replace(FILE, ())
    store.load(FILE, LOADED)
    assert store.get(FILE).rois == ()


def test_loading_is_no_edit_and_exporting_an_old_state_leaves_newer_edits():
    store = RoiStore()
    store.load(FILE, LOADED)
    assert not store.unsaved()
    store.replace(FILE, DRAWN)
    _, clock = store.snapshot()
    store.replace(FILE, LOADED)
    store.mark_exported(clock, everything)
    assert len(store.unsaved()) == 1


def test_a_table_of_boxes_does_not_export_what_it_cannot_carry():
    store = RoiStore()
    store.replace(FILE, (box("a"), point("b")))
    store.replace(OTHER, DRAWN)
    assert len(store.unsaved()) == 2
    assert not store.are_all(plain_boxes)
    store.mark_exported(store.clock, plain_boxes)
    assert len(store.unsaved()) == 1
    store.mark_exported(store.clock, everything)
    assert not store.unsaved()


def test_an_edit_that_builds_on_an_old_revision_is_refused_and_changes_nothing():
    store = RoiStore()
    first = store.replace(FILE, LOADED, if_revisions={0})
    assert first.revision == 1
    with pytest.raises(StaleRevision):
        store.edit(FILE, (RemoveRoi("loaded"),), if_revisions={0})
    assert store.get(FILE) == first
    assert store.edit(FILE, (RemoveRoi("loaded"),), if_revisions={0, 1}).rois == ()


def test_an_edit_that_does_not_fit_changes_nothing():
    store = RoiStore()
    store.replace(FILE, DRAWN)
    with pytest.raises(InvalidAnnotation):
        store.edit(FILE, (AddRoi(point("p")), RemoveRoi("nobody")))
    assert (store.get(FILE).rois, store.get(FILE).revision) == (DRAWN, 1)


def test_there_is_an_end_to_the_rois_of_all_files(monkeypatch):
    monkeypatch.setattr("dcmview.annotations.store.MOST_ROIS", 2)
    store = RoiStore()
    store.replace(FILE, (box("a"), box("b")))
    with pytest.raises(InvalidAnnotation, match="2 ROIs in all files"):
        store.replace(OTHER, DRAWN)
    store.replace(FILE, (box("a"),))
    store.replace(OTHER, DRAWN)


def test_rois_loaded_beyond_the_end_can_be_removed_and_changed(monkeypatch):
    monkeypatch.setattr("dcmview.annotations.store.MOST_ROIS", 2)
    store = RoiStore()
    store.load(FILE, (box("a"), box("b"), box("c"), box("d")))
    with pytest.raises(InvalidAnnotation, match="2 ROIs in all files"):
        store.edit(FILE, (AddRoi(point("p")),))
    assert store.edit(FILE, (RemoveRoi("d"),)).rois == (box("a"), box("b"), box("c"))
    assert store.edit(FILE, (ReplaceRoi(box("a", label="x")),)).rois[0].label == "x"


def test_boxes_beyond_what_a_file_can_have_are_refused_before_they_are_saved(
    open_store, monkeypatch
):
    monkeypatch.setattr("dcmview.annotations.roi.MOST_ROIS_PER_FILE", 2)
    store = open_store()
    store.replace(FILE, (point("p"), box("a")))
    three = parse_rectangles([[0, 0, 1, 1], [0, 0, 2, 2]])
    with pytest.raises(InvalidAnnotation, match="a file can have 2 ROIs, these are 3"):
        store.replace_rectangles(FILE, three)
    assert open_store().get(FILE).rois == (point("p"), box("a"))


def test_what_is_saved_is_there_in_the_next_run(open_store):
    store = open_store()
    store.replace(FILE, LOADED)
    store.edit(FILE, (AddRoi(point("p")),))
    store.replace_rectangles(OTHER, ())
    assert not store.unsaved()
    again = open_store()
    assert again.get(FILE).rois == (*LOADED, point("p"))
    assert OTHER in again
    assert not again.unsaved()


def test_the_first_edit_of_a_loaded_file_saves_what_it_builds_on(open_store):
    store = open_store()
    store.load(FILE, LOADED)
    store.edit(FILE, (AddRoi(point("p")),))
    assert open_store().get(FILE).rois == (*LOADED, point("p"))


def test_a_full_disk_refuses_but_keeps_the_edit_and_the_saved_state(open_store, full_disk):
    full_disk(False)
    store = open_store(first_retry_s=600)
    store.replace(FILE, LOADED)
    full_disk(True)
    with pytest.raises(NotSaved, match="kept in memory and not saved: No space left"):
        store.replace(FILE, DRAWN)
    assert store.get(FILE).rois == DRAWN
    assert len(store.unsaved()) == 1
    assert "No space left" in store._saving.error
    full_disk(False)
    assert open_store().get(FILE).rois == LOADED


def test_an_edit_is_not_acknowledged_before_it_is_on_the_disk(open_store, monkeypatch):
    store = open_store(first_retry_s=600)

    def fail(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(journal_module, "sync", fail)
        with pytest.raises(NotSaved, match="Input/output error"):
            store.replace(FILE, DRAWN)
    store.replace(OTHER, DRAWN)
    assert open_store().get(FILE).rois == DRAWN


def test_the_next_edit_saves_those_before_it(open_store, full_disk):
    full_disk(False)
    store = open_store(first_retry_s=600)
    full_disk(True)
    for rois in (LOADED, DRAWN):
        with pytest.raises(NotSaved):
            store.replace(FILE, rois)
    full_disk(False)
    store.replace(OTHER, LOADED)
    assert (len(store.unsaved()), store._saving.error) == (0, "")
    again = open_store()
    assert again.get(FILE).rois == DRAWN
    assert again.get(OTHER).rois == LOADED


def test_saving_is_tried_again_by_itself(open_store, full_disk):
    full_disk(False)
    store = open_store(first_retry_s=0.01)
    full_disk(True)
    with pytest.raises(NotSaved):
        store.replace(FILE, DRAWN)
    full_disk(False)
    deadline = time.monotonic() + 10
    while store._saving.error and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not store.unsaved()
    assert open_store().get(FILE).rois == DRAWN


def test_a_journal_that_was_removed_is_made_anew_with_everything(open_store, tmp_path):
    store = open_store()
    store.replace(FILE, LOADED)
    (tmp_path / "rois.json.journal").unlink()
    store.replace(OTHER, DRAWN)
    assert not store.unsaved()
    again = open_store()
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (LOADED, DRAWN)


@pytest.mark.parametrize("name", ["rois.json", "rois.json.journal"])
def test_what_was_removed_is_written_again_at_the_end(open_store, tmp_path, name):
    open_store().replace(FILE, LOADED)
    first = open_store()
    first._saving.close()
    store = open_store()
    store.replace(OTHER, DRAWN)
    (tmp_path / name).unlink()
    store._saving.close()
    assert not store.unsaved()
    assert [each.name for each in tmp_path.iterdir()] == ["rois.json"]
    again = open_store()
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (LOADED, DRAWN)


def test_a_snapshot_that_was_removed_is_written_again_with_the_next_edit(open_store, tmp_path):
    store = open_store()
    store.replace(FILE, LOADED)
    store._saving.close()
    store = open_store()
    (tmp_path / "rois.json").unlink()
    store.replace(OTHER, DRAWN)
    again = open_store()
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (LOADED, DRAWN)


def test_a_journal_that_was_emptied_is_written_again_with_everything(open_store, tmp_path):
    store = open_store()
    store.replace(FILE, LOADED)
    os.truncate(tmp_path / "rois.json.journal", 0)
    store.replace(OTHER, DRAWN)
    again = open_store()
    assert again._saving.warnings() == []
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (LOADED, DRAWN)


def test_an_edit_is_not_saved_beside_a_snapshot_of_somebody_else(open_store, tmp_path):
    store = open_store(first_retry_s=600)
    store.replace(FILE, LOADED)
    (tmp_path / "rois.json").write_text("precious")
    with pytest.raises(NotSaved, match="was changed by another program"):
        store.replace(OTHER, DRAWN)
    store._saving.close()
    assert set(store.unsaved()) == {FILE, OTHER}
    assert (tmp_path / "rois.json").read_text() == "precious"


def test_a_snapshot_that_was_copied_back_is_still_the_own_one(open_store, tmp_path):
    store = open_store()
    store.replace(FILE, LOADED)
    store._saving.close()
    store = open_store()
    path = tmp_path / "rois.json"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    store.replace(OTHER, DRAWN)
    store._saving.close()
    assert open_store().get(OTHER).rois == DRAWN


def test_edits_of_a_removed_journal_are_not_taken_for_saved_before_they_are(
    open_store, tmp_path, monkeypatch
):
    store = open_store(first_retry_s=600)
    store.replace(FILE, LOADED)
    (tmp_path / "rois.json.journal").unlink()

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal_module.os, "replace", fail)
        for _ in range(2):
            with pytest.raises(NotSaved, match="was moved or removed"):
                store.replace(OTHER, DRAWN)
    store.replace(OTHER, LOADED)
    again = open_store()
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (LOADED, LOADED)


def test_the_end_leaves_the_journal_of_another_server_alone(open_store, tmp_path):
    store = open_store()
    path = tmp_path / "rois.json.journal"
    path.rename(tmp_path / "elsewhere")
    path.write_text("of another server")
    store._saving.close()
    assert path.read_text() == "of another server"


def test_nothing_is_edited_once_the_store_is_closed(open_store):
    store = open_store()
    store._saving.close()
    with pytest.raises(NotSaved, match="the viewer is ending"):
        store.replace(FILE, DRAWN)
    assert store.get(FILE).rois == ()


def test_a_file_that_moved_takes_its_rois_along_for_good(open_store):
    store = open_store()
    store.replace(FILE, LOADED)
    moved = FileKey(FILE.sop_instance_uid, "/elsewhere/a.dcm")
    again = open_store()
    again.adopt(FILE, moved)
    again.edit(moved, (AddRoi(point("p")),))
    last = open_store()
    assert last.files() == [moved]
    assert last.get(moved).rois == (*LOADED, point("p"))


def test_edits_of_many_files_are_saved_with_one_sync_and_fail_one_by_one(open_store, monkeypatch):
    store = open_store()
    store.replace(FILE, DRAWN)
    syncs = []
    monkeypatch.setattr(journal_module, "sync", syncs.append)
    new = (AddRoi(point("new")),)
    third = FileKey("1.4", "/data/c.dcm")
    edits = [FileEdit(FILE, new, {0}), FileEdit(OTHER, new, {0}), FileEdit(third, new, None)]
    (stale, other, last), not_saved = store.edit_many(edits)
    assert isinstance(stale, StaleRevision)
    assert not_saved == ""
    assert other.rois == last.rois == (point("new"),)
    assert len(syncs) == 1
    added = [(key, (point("added", 1, 1),)) for key in (FILE, OTHER, third)]
    assert store.add_many(added) == ([1, 1, 1], "")
    assert len(syncs) == 2
    again = open_store()
    assert again.get(FILE).rois == (*DRAWN, point("added", 1, 1))
    both = (point("new"), point("added", 1, 1))
    assert again.get(OTHER).rois == again.get(third).rois == both


def test_additions_to_many_files_are_saved_with_one_sync(open_store, monkeypatch):
    store = open_store()
    syncs = []
    monkeypatch.setattr(journal_module, "sync", syncs.append)
    many = (box(f"b{number}") for number in range(20_001))
    outcomes, not_saved = store.add_many([(FILE, DRAWN), (FILE, many), (OTHER, LOADED)])
    assert (outcomes[0], outcomes[2], not_saved, len(syncs)) == (1, 1, "", 1)
    assert isinstance(outcomes[1], InvalidAnnotation)
    again = open_store()
    assert (again.get(FILE).rois, again.get(OTHER).rois) == (DRAWN, LOADED)


def test_additions_that_cannot_be_saved_are_made_and_said(open_store, full_disk):
    full_disk(False)
    store = open_store(first_retry_s=600)
    full_disk(True)
    outcomes, not_saved = store.add_many([(FILE, DRAWN)])
    assert outcomes == [1]
    assert "No space left" in not_saved
    assert store.get(FILE).rois == DRAWN


def test_edits_of_many_files_that_cannot_be_saved_are_made_and_said(open_store, full_disk):
    full_disk(False)
    store = open_store(first_retry_s=600)
    full_disk(True)
    outcomes, not_saved = store.edit_many(
        [FileEdit(key, (AddRoi(point("new")),), None) for key in (FILE, OTHER)]
    )
    assert [state.rois for state in outcomes] == [(point("new"),)] * 2
    assert "No space left" in not_saved
    assert len(store.unsaved()) == 2
    full_disk(False)
