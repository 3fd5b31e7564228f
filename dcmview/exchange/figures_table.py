"""The table of ROIs with what each of them measures on each of its frames.

It has the columns of ``roi_table``, so that it comes back like that one, and
those of the measurements of the page behind them.
"""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

from dcmview.annotations.roi_table import HEADER, roi_cells
from dcmview.errors import DcmviewError
from dcmview.exchange.raster import REGION_KINDS
from dcmview.exchange.rulers import measure, ruler_for
from dcmview.exchange.statistics import MeasuredFrame, roi_statistics
from dcmview.spreadsheet import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.engine.engine import Engine
    from dcmview.exchange.statistics import Figures
    from dcmview.model import DisplayRecipe
    from dcmview.registry.registry import Entry
    from dcmview.roibook import FileState

FIGURES = (
    "frame_index",
    "length",
    "area",
    "distance_unit",
    "distance_plane",
    "distance_source",
    "angle_deg",
    "component",
    "value",
    "mean",
    "sd_population",
    "min",
    "max",
    "median",
    "sum",
    "value_unit",
    "suv_kind",
    "suv_value",
    "suv_mean",
    "suv_max",
    "pixel_count",
    "excluded_pixel_count",
    "problem",
)
"""Columns behind those of the ROI; ``problem`` says why there are no figures."""
_PIECE_CHARACTERS = 64 * 1024
_PIECE_S = 0.2
"""Frames may take seconds each: who gave up must be noticed between them."""

Cells = dict[str, Any]


def figure_rows(files: Iterable[FileState], engine: Engine) -> Iterator[bytes]:
    """Write the table piece by piece, one row an ROI and frame, of colour one a component.

    Each frame is decoded once, when its rows are wanted. One that cannot be has
    rows with the reason.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*HEADER, *FIGURES), lineterminator="\r\n")
    writer.writeheader()
    began = time.monotonic()
    for cells in _rows(files, engine):
        writer.writerow(cells)
        if out.tell() > _PIECE_CHARACTERS or time.monotonic() - began > _PIECE_S:
            yield _taken(out)
            began = time.monotonic()
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    piece = out.getvalue().encode("utf-8", "surrogateescape")
    out.seek(0)
    out.truncate()
    return piece


def _rows(files: Iterable[FileState], engine: Engine) -> Iterator[Cells]:
    for each in sorted(files, key=lambda file: (file.path, file.key.sop_instance_uid)):
        named = {"path": each.path, "sop_instance_uid": escaped(each.key.sop_instance_uid)}
        if each.entry is None:
            for roi in each.rois:
                yield {**named, **roi_cells(roi), "problem": "the file is not listed"}
            continue
        for frame_index, rois in _by_frame(each.entry, each.rois):
            said = [{**named, **roi_cells(roi), "frame_index": frame_index} for roi in rois]
            try:
                frame = MeasuredFrame.of(engine.raw_frame(each.entry, frame_index)[0])
            except DcmviewError as exc:
                yield from ({**cells, "problem": escaped(exc.message)} for cells in said)
                continue
            for roi, cells in zip(rois, said, strict=True):
                for figures in _figures(frame, roi):
                    yield {**cells, **figures}


def _by_frame(entry: Entry, rois: Sequence[Roi]) -> list[tuple[int, list[Roi]]]:
    everywhere = any(roi.frames == "all" for roi in rois)
    frames = range(entry.header.shared.frame_count) if everywhere else ()
    on_frame: dict[int, list[Roi]] = {frame_index: [] for frame_index in frames}
    for roi in rois:
        for frame_index in frames if roi.frames == "all" else roi.frames:
            on_frame.setdefault(frame_index, []).append(roi)
    return sorted(on_frame.items())


def _figures(frame: MeasuredFrame, roi: Roi) -> Iterator[Cells]:
    ruler = ruler_for(frame.recipe, roi)
    extent = measure(roi, ruler)
    found = roi_statistics(frame, roi)
    area = extent.area
    has_inside = roi.kind in REGION_KINDS and frame.has_values
    if area is None and has_inside:
        # An outline that crosses itself has the area of its pixels.
        area = (found.pixel_count + found.excluded_count) * ruler.x * ruler.y
    cells: Cells = {
        "length": _number(extent.length),
        "area": _number(area),
        "distance_unit": ruler.unit,
        "distance_plane": ruler.plane,
        "distance_source": escaped(ruler.source),
        "angle_deg": _number(extent.angle_deg),
    }
    is_grey = frame.stored.shape[2] == 1
    if has_inside:
        cells["pixel_count"] = found.pixel_count
        cells["excluded_pixel_count"] = found.excluded_count
    if is_grey and frame.has_values:
        cells["value_unit"] = escaped(frame.recipe.unit)
    for number, component in enumerate(frame.component_names or ("",)):
        values = found.values[number] if found.values else None
        figures = found.figures[number] if found.figures else None
        uptake = _uptake(frame.recipe, values, figures) if is_grey else {}
        yield {
            **cells,
            "component": component,
            "value": _number(values),
            **_figure_cells(figures),
            **uptake,
        }


def _figure_cells(figures: Figures | None) -> Cells:
    if figures is None:
        return {}
    return {
        "mean": _number(figures.mean),
        "sd_population": _number(figures.sd),
        "min": _number(figures.minimum),
        "max": _number(figures.maximum),
        "median": _number(figures.median),
        "sum": _number(figures.sum),
    }


def _uptake(recipe: DisplayRecipe, value: float | None, figures: Figures | None) -> Cells:
    """Standardized uptake values, where the file allows them."""
    suv = recipe.suv
    if suv is None or (value is None and figures is None):
        return {}
    cells: Cells = {"suv_kind": escaped(suv.kind)}
    if value is not None:
        cells["suv_value"] = _number(value * suv.factor)
    if figures is not None:
        cells["suv_mean"] = _number(figures.mean * suv.factor)
        cells["suv_max"] = _number(figures.maximum * suv.factor)
    return cells


def _number(value: float | None) -> str:
    """As short as gives the same number back; whole ones without a point, as the page has them."""
    if value is None:
        return ""
    return repr(value).removesuffix(".0")
