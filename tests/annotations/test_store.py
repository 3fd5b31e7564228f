"""The ROIs of all files: edits come first, and are counted until they are exported."""

from dcmview.annotations.roi import Rectangle
from dcmview.annotations.store import RoiStore

LOADED, DRAWN = (Rectangle(0, 0, 1, 1),), (Rectangle(2, 2, 3, 3),)


def test_a_loaded_table_never_replaces_an_edit():
    store = RoiStore()
    store.replace(0, DRAWN)
    store.load(0, LOADED)
    assert store.get(0) == DRAWN


def test_boxes_that_were_all_deleted_stay_deleted():
    store = RoiStore()
    store.replace(0, ())
    store.load(0, LOADED)
    assert store.get(0) == ()


def test_loading_is_no_edit_and_exporting_an_old_state_leaves_newer_edits():
    store = RoiStore()
    store.load(0, LOADED)
    assert not store.has_unexported_edits
    store.replace(0, DRAWN)
    _, edit_number = store.snapshot()
    store.replace(0, LOADED)
    store.mark_exported(edit_number)
    assert store.has_unexported_edits
