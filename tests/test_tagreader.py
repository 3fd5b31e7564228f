"""What is said of files that are left out of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.datasets import image, part10

from dcmview import tagreader
from dcmview.library import Library, LibrarySettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number in range(3):
        dataset = image(SOPInstanceUID=f"1.2.{number}", InstanceNumber=str(number))
        (tmp_path / f"{number}.dcm").write_bytes(part10(dataset))
    library = Library(LibrarySettings([str(tmp_path)]))
    library.start_scan()
    assert library.wait_scan(30)
    return library


def test_files_beyond_the_most_are_left_out_and_counted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagreader, "MOST_FILES", 2)
    report = library.varying_tags(range(3), 3)
    assert (report.files, report.asked) == ([0, 1], 3)
    assert report.notes == ["the first 2 of 3 files: no more are compared at once"]


def test_files_that_the_time_does_not_suffice_for_are_left_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagreader, "VARY_LIMIT_S", 0)
    report = library.varying_tags(range(3), 3)
    assert (report.files, report.rows) == ([], [])
    assert report.notes == ["the first 0 of 3 files: the others would take longer than 0 s"]


def test_files_with_more_elements_than_are_compared_are_counted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagreader, "MOST_ELEMENTS_VARYING", 5)
    report = library.varying_tags(range(2), 2)
    assert report.files == [0, 1]
    assert report.notes == ["2 files have more elements than are compared"]


def test_a_file_that_changed_is_named(library: Library) -> None:
    with open(library.entry(1).path, "ab") as file:
        file.write(b"more")
    report = library.varying_tags(range(3), 3)
    assert report.files == [0, 2]
    ((index, reason),) = report.unread
    assert index == 1
    assert "changed" in reason
