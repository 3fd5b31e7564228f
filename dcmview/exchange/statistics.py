"""Figures over the pixels of an ROI in modality values, by the rules of the page.

They are those of ``frontend/src/dicom/regionStatistics.ts``: pixels whose
centres are in the ROI, without padding and what is no number; the standard
deviation is that of the population.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.exchange.raster import REGION_KINDS, region_of
from dcmview.model import SampleKind
from dcmview.pixels.modality import apply_modality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.model import DisplayRecipe, RawFrame

PALETTE = "PALETTE COLOR"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of grey values, or of one component of colour."""

    mean: float
    sd: float
    minimum: float
    maximum: float
    median: float
    sum: float


@dataclass(frozen=True, slots=True)
class RoiStatistics:
    """What an ROI holds on a frame.

    ``pixel_count`` pixels make the figures, ``excluded_count`` others are padding
    or hold no number. Without any there are no figures. ``values`` are those
    under a point.
    """

    pixel_count: int = 0
    excluded_count: int = 0
    figures: tuple[Figures, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """Stored values of a frame, shape (rows, columns, samples), and what they mean."""

    stored: NDArray[np.generic]
    photometric_interpretation: str
    recipe: DisplayRecipe

    @classmethod
    def of(cls, frame: RawFrame) -> MeasuredFrame:
        """Lay the samples of a whole frame out as an array."""
        layout, bits = frame.layout, frame.bits_allocated
        is_float = layout.kind is not SampleKind.INTEGER
        kind = "f" if is_float else "i" if frame.is_signed else "u"
        stored = np.frombuffer(frame.samples, np.dtype(f"<{kind}{bits // 8}"))
        shape = (layout.rows, layout.columns, layout.samples_per_pixel)
        return cls(stored.reshape(shape), layout.photometric_interpretation, frame.recipe)

    @property
    def has_values(self) -> bool:
        """Whether samples are quantities; indices into a palette are none."""
        return self.photometric_interpretation != PALETTE

    @property
    def component_names(self) -> tuple[str, ...]:
        """One a component of colour; none for grey values."""
        if self.stored.shape[2] != 3:
            return ()
        is_ybr = self.photometric_interpretation.startswith("YBR")
        return ("Y", "Cb", "Cr") if is_ybr else ("R", "G", "B")


def roi_statistics(frame: MeasuredFrame, roi: Roi) -> RoiStatistics:
    """Give the figures of an ROI on a frame; none of a line."""
    if not frame.has_values:
        return RoiStatistics()
    rows, columns, samples = frame.stored.shape
    if roi.kind == "point":
        # On the last edge it is the last pixel.
        column = min(math.floor(roi.points[0].x), columns - 1)
        row = min(math.floor(roi.points[0].y), rows - 1)
        under = frame.stored[row, column]
        values = apply_modality(under, frame.recipe.modality) if samples == 1 else under
        return RoiStatistics(values=tuple(map(float, values)))
    if roi.kind not in REGION_KINDS:
        return RoiStatistics()
    region = region_of(roi, rows, columns)
    inside = frame.stored[region.window][region.inside]
    components = [_modality_values(inside[:, sample], frame) for sample in range(samples)]
    count = min(values.size for values in components)
    figures = tuple(map(_figures, components)) if count else ()
    return RoiStatistics(count, len(inside) - count, figures)


def _modality_values(stored: NDArray[np.generic], frame: MeasuredFrame) -> NDArray[np.float64]:
    """What counts of the stored values of a component, as modality values."""
    # Modality and padding are for grey values (PS3.3 C.11.1).
    if frame.stored.shape[2] != 1:
        return stored.astype(np.float64)
    numbers = stored.astype(np.float64)
    counts = np.isfinite(numbers)
    padding = frame.recipe.padding
    if padding is not None:
        counts &= (numbers < padding.low) | (numbers > padding.high)
    values = apply_modality(stored[counts], frame.recipe.modality)
    return values[np.isfinite(values)]


def _figures(values: NDArray[np.float64]) -> Figures:
    return Figures(
        mean=float(values.mean()),
        sd=float(values.std()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        median=float(np.percentile(values, 50)),
        sum=float(values.sum()),
    )
