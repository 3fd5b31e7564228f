"""Patients, studies and series: what is kept of them while files are listed."""

from __future__ import annotations

from dcmview.model import FileEnd, FileStamp, InstanceHeader, SharedHeader
from dcmview.registry.registry import ReadFile, Registry

ALL = 1_000


def read_file(path="/a/1.dcm", *, size_bytes=100, problem="", **shared):
    header = {"has_pixels": True, "frame_count": 1, "rows": 4, "columns": 4, **shared}
    return ReadFile(
        path,
        FileStamp(1, 1, size_bytes, 1),
        InstanceHeader(SharedHeader(**header), problem=problem),
    )


def listed(*files):
    registry = Registry()
    registry.add(files)
    return registry


def test_files_of_a_series_count_together_however_they_come():
    one, other = {"series_instance_uid": "1.1"}, {"series_instance_uid": "1.2"}
    registry = listed(read_file(**one), read_file(**other), read_file(**one, frame_count=5))
    first, second = registry.series_since(0, ALL).series
    assert (first.file_count, first.frame_count, first.size_bytes) == (2, 6, 200)
    assert second.file_count == 1
    assert [entry.index for entry in registry.series(0)[1]] == [0, 2]


def test_the_same_series_uid_under_another_patient_is_another_series():
    registry = listed(
        read_file(series_instance_uid="1.1", patient_id="A"),
        read_file(series_instance_uid="1.1", patient_id="B"),
    )
    changes = registry.series_since(0, ALL)
    assert [(s.index, s.study) for s in changes.series] == [(0, 0), (1, 1)]
    assert [study.patient for study in changes.studies] == [0, 1]
    assert [patient.header.patient_id for patient in changes.patients] == ["A", "B"]


def test_files_that_name_no_series_stand_alone():
    registry = listed(read_file(), read_file())
    assert [series.file_count for series in registry.series_since(0, ALL).series] == [1, 1]


def test_an_object_of_no_study_and_without_image_belongs_to_none():
    registry = listed(read_file(has_pixels=False, kind="Media Storage Directory Storage"))
    (series,) = registry.series_since(0, ALL).series
    assert series.study is None
    assert series.note == "Media Storage Directory Storage"
    assert series.middle_image is None


def test_a_study_says_what_any_of_its_files_says():
    uid = {"study_instance_uid": "1"}
    registry = listed(
        read_file(**uid, series_instance_uid="1.1"),
        read_file(
            **uid, series_instance_uid="1.2", study_date="20240102", study_description="Head"
        ),
    )
    (study,) = registry.series_since(0, ALL).studies
    assert (study.date, study.description) == ("20240102", "Head")


def test_the_row_of_a_series_is_that_of_its_first_image():
    uid = {"series_instance_uid": "1.1", "study_instance_uid": "1"}
    registry = listed(
        read_file(**uid, has_pixels=False, rows=0, columns=0, frame_count=0, kind="Report"),
        read_file(**uid, rows=8),
        read_file(**uid, rows=9),
    )
    (series,) = registry.series_since(0, ALL).series
    assert (series.header.rows, series.image_count, series.file_count) == (8, 2, 3)
    assert series.has_mixed_sizes
    assert series.middle_image == 2


def test_the_folder_of_a_series_holds_all_its_files():
    uid = {"series_instance_uid": "1.1"}
    registry = listed(
        read_file("/data/p/a/1.dcm", **uid),
        read_file("/data/p/ab/2.dcm", **uid),
        read_file("/data/p/a/deep/3.dcm", **uid),
    )
    (series,) = registry.series_since(0, ALL).series
    assert (series.folder, series.file_name) == ("/data/p", "1.dcm")


def test_damage_is_counted_and_named():
    registry = listed(read_file(problem="cut short"), read_file())
    damaged, whole = registry.series_since(0, ALL).series
    assert (damaged.damaged, damaged.note, whole.damaged) == (1, "cut short", 0)


def test_only_what_changed_since_a_revision_is_told():
    one, other = {"series_instance_uid": "1.1"}, {"series_instance_uid": "1.2"}
    registry = listed(read_file(**one), read_file(**other))
    before = registry.series_since(0, ALL)
    assert registry.series_since(before.revision, ALL).series == ()
    registry.add([read_file(**one)])
    after = registry.series_since(before.revision, ALL)
    assert [series.index for series in after.series] == [0]
    assert [entry.index for entry in registry.entries_since(before.revision)[0]] == [2]


def test_many_changes_come_in_parts_that_leave_nothing_out():
    registry = listed(*(read_file(series_instance_uid=f"1.{n}") for n in range(10)))
    revision, told = 0, []
    while True:
        changes = registry.series_since(revision, 3)
        told += [series.index for series in changes.series]
        revision = changes.revision
        if changes.is_all:
            break
    assert sorted(told) == list(range(10))


def test_a_lost_file_is_told_of_once_more():
    registry = listed(read_file(series_instance_uid="1.1"), read_file(series_instance_uid="1.2"))
    _, revision = registry.entries_since(0)
    registry.mark_lost(1, FileEnd.GONE)
    registry.mark_lost(1, FileEnd.GONE)
    entries, now = registry.entries_since(revision)
    assert ([entry.index for entry in entries], now) == ([1], revision + 1)
    assert [series.index for series in registry.series_since(revision, ALL).series] == [1]
    assert registry.lost(1) is FileEnd.GONE
    assert registry.lost(0) is None
