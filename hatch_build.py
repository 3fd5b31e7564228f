"""Build hook: a wheel, an sdist and an editable install carry the built page.

hatchling finds this file by its name. The work is done by
scripts/frontend_build.py, which is quick when nothing changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "scripts"))  # a build backend runs outside of any package

import frontend_build  # noqa: E402


class FrontendHook(BuildHookInterface[BuilderConfig]):
    """Makes dcmview/static/ before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node, 60 MB, only where there is something to build; never for a full sdist."""
        return [] if frontend_build.is_fresh(ROOT) else [frontend_build.NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page when stale, and list it: git ignores it, so hatchling would too."""
        try:
            frontend_build.build(ROOT)
        except frontend_build.FrontendError as exc:
            self.app.abort(f"dcmview: {exc}")
        build_data["artifacts"].append("/dcmview/static/")
