"""Stored values -> modality values: rescale or Modality LUT (DICOM PS3.3 C.11.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmview.model import LookupTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import Rescale


def apply_modality(
    stored: NDArray[np.generic], modality: Rescale | LookupTable
) -> NDArray[np.float64]:
    """Map stored values to modality values.

    A Modality LUT replaces slope and intercept; its entries are unsigned, also
    where stored values are signed. A negative slope is left alone.

    Parameters
    ----------
    stored : ndarray of integers or floats, any shape
        Stored values with their sign.
    modality : Rescale or LookupTable
        *Rescale Slope* (0028,1053) and *Rescale Intercept* (0028,1052), or the
        first item of *Modality LUT Sequence* (0028,3000).

    Returns
    -------
    ndarray of float64, same shape
        Exact for integers up to 32 bits and slopes and intercepts that are exact
        in binary: nothing is computed in the type of the stored values.

    References
    ----------
    DICOM PS3.3 C.11.1, Modality LUT Module.

    Examples
    --------
    >>> from dcmview.model import Rescale
    >>> apply_modality(np.array([0, 65535], np.uint16), Rescale(1, -1024)).tolist()
    [-1024.0, 64511.0]
    """
    if isinstance(modality, LookupTable):
        return look_up(stored.astype(np.float64), modality).astype(np.float64)
    values = stored.astype(np.float64)
    if modality.slope != 1:
        values *= modality.slope
    if modality.intercept != 0:
        values += modality.intercept
    return values


def look_up(values: NDArray[np.float64], table: LookupTable) -> NDArray[np.uint16]:
    """Entries of a Modality or VOI LUT for input values.

    Values below the first mapped one take the first entry, above the end the
    last; values between two entries take the nearest, halves the upper one, and
    a value that is not a number the first.

    References
    ----------
    DICOM PS3.3 C.11.1.1.1, LUT Descriptor.
    """
    positions = np.floor(values - table.first_mapped + 0.5)
    last = table.entries.size - 1
    positions = np.clip(np.nan_to_num(positions, nan=0.0, posinf=last, neginf=0.0), 0, last)
    found: NDArray[np.uint16] = np.take(table.entries, positions.astype(np.intp))
    return found
