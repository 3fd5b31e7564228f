"""Many files on all cores."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from conformance_run.examine import examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance_run.corpus import Case
    from conformance_run.examine import FileResult


def run(cases: Sequence[Case], *, first_frame_only: bool = False) -> list[FileResult]:
    """Compare files, in their order."""
    context = multiprocessing.get_context("spawn")  # whoever calls may have threads
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        work = partial(examine, first_frame_only=first_frame_only)
        return list(pool.map(work, cases, chunksize=4))
