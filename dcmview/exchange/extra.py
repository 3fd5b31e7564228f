"""The optional extra that writes DICOM objects of ROIs."""

from __future__ import annotations

import functools
import logging
from typing import Any

from dcmview.dicom.loading import IMPORTING
from dcmview.dicom.recording import recorded_warnings
from dcmview.errors import NotInstalled

EXTRA = "dcmview[dicom-export]"
INSTALL = f"pip install '{EXTRA}'"


@functools.cache
def highdicom() -> Any:
    """Give the package that writes structured reports and segmentations.

    Raises
    ------
    NotInstalled
        If it is not there, with the command that brings it.
    """
    try:
        with IMPORTING, recorded_warnings():
            import highdicom.seg  # also makes the name `highdicom`
            import highdicom.sr
    except ImportError as exc:
        raise NotInstalled(
            f"DICOM SR and SEG are written by highdicom: {INSTALL}", extra=EXTRA
        ) from exc
    # It warns of odd names with the name, on the terminal.
    logging.getLogger("highdicom").setLevel(logging.ERROR)
    return highdicom
