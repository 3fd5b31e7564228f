"""Links are resolved as the system does, and folders once."""

from __future__ import annotations

import os

import pytest

from dcmview.registry.real_paths import RealPaths


@pytest.fixture
def tree(tmp_path, monkeypatch):
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "real" / "file").write_bytes(b"")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "real" / "link").symlink_to("../folder/file")
    (tmp_path / "broken").symlink_to("nowhere/at/all")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("is_absolute", [True, False])
@pytest.mark.parametrize(
    "path",
    [
        "real/file",
        "folder/file",
        "folder/link",
        "folder/below",
        "folder/below/",
        "folder/below/..",
        "folder/.",
        "folder",
        "folder/gone",
        "gone/too",
        "broken",
        "loop",
        "loop/file",
        "real/../folder/file",
        "",
    ],
)
def test_a_path_is_that_of_the_standard_library(tree, path, is_absolute):
    path = os.path.join(tree, path) if is_absolute else path
    real_paths = RealPaths()
    assert [real_paths.of(path), real_paths.of(path)] == [os.path.realpath(path)] * 2


def test_a_folder_is_resolved_once_for_all_its_files(tree, monkeypatch):
    resolved, realpath = [], os.path.realpath
    monkeypatch.setattr(os.path, "realpath", lambda path: resolved.append(path) or realpath(path))
    real_paths = RealPaths()
    found = [real_paths.of(f"folder/{number}") for number in range(50)]
    assert resolved == ["folder"]
    assert found == [f"{tree}/real/{number}" for number in range(50)]
