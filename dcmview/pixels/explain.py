"""Why a frame looks as it does: every step from stored value to grey level, in numbers.

Reads the same recipe as `display_frame` and calls the same functions, so what
it says is what is shown. Its values are plain, for the API to write out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.model import LookupTable, Rescale, SampleKind, VoiFunction, Window
from dcmview.pixels.percentile import ValueRange, measure_range
from dcmview.pixels.pipeline import is_color
from dcmview.pixels.probe import PixelProbe, probe_pixel
from dcmview.pixels.resize import reduced_size
from dcmview.pixels.voi import apply_voi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.model import (
        Decision,
        DisplayRecipe,
        DisplayRequest,
        Ignored,
        PixelLayout,
        Repair,
        StoredFrame,
    )

Range = tuple[float, float]

_TITLES = {
    "samples": "Stored values",
    "padding": "Padding",
    "modality": "Modality values",
    "voi": "Window or VOI LUT",
    "presentation": "Presentation",
    "palette": "Palette",
    "color": "Colours",
    "real_world": "Real world values",
    "overlays": "Overlays",
    "shutter": "Shutter",
    "pixel_aspect": "Pixel aspect",
    "icc_profile": "Colour profile",
    "output": "Picture",
}
_BEYOND = math.log(509)  # the exponent at which SIGMOID rounds to 0 or 255


@dataclass(frozen=True, slots=True)
class Step:
    """One step from stored value to picture.

    ``element`` is the one that decided, empty where the Standard's default or
    the viewer did; ``decisions`` has them all. ``input_range`` and
    ``output_range`` are those of the values of this frame; of a window, they
    are the values that become black and white.
    """

    step: str
    title: str
    element: str
    value: str
    meaning: str
    input_range: Range | None = None
    output_range: Range | None = None
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every step from stored value to picture, what was mended and what was passed over."""

    steps: tuple[Step, ...]
    repairs: tuple[Repair, ...]
    ignored: tuple[Ignored, ...]
    pixel: PixelProbe | None = None


def explain(
    stored: StoredFrame,
    recipe: DisplayRecipe,
    voi: Window | LookupTable | None,
    request: DisplayRequest,
    *,
    pixel_index: tuple[int, int] | None = None,
) -> Explanation:
    """Explain the picture of one frame, step by step.

    Parameters
    ----------
    stored : StoredFrame
        Stored values with the layout that describes them.
    recipe : DisplayRecipe
        Its ``decisions`` and ``ignored`` name the elements.
    voi : Window, LookupTable or None
        What `choose_voi` gave for the request; None for colour.
    request : DisplayRequest
        What was asked for: it says who chose the window.
    pixel_index : tuple of int, optional
        (column, row) of a pixel whose value at each step is wanted, from 0.

    Returns
    -------
    Explanation
        Steps in the order in which they are carried out.

    Raises
    ------
    RequestError
        If the image has no such pixel.
    UnsupportedPixelFormat, InvalidWindow
        What `display_frame` raises, if a pixel is asked for.
    """
    by_step: dict[str, list[Decision]] = {}
    for decision in recipe.decisions:
        by_step.setdefault(decision.step, []).append(decision)
    explained = _Explainer(stored, recipe, by_step)
    if is_color(stored.layout):
        steps = explained.color_steps(request)
    else:
        assert voi is not None
        steps = explained.grey_steps(voi, request)
    pixel = None if pixel_index is None else probe_pixel(stored, recipe, voi, *pixel_index)
    repairs = tuple(dict.fromkeys((*recipe.repairs, *stored.repairs)))
    return Explanation(tuple(steps), repairs, recipe.ignored, pixel)


class _Explainer:
    """Writes the steps of one frame."""

    def __init__(
        self, stored: StoredFrame, recipe: DisplayRecipe, by_step: dict[str, list[Decision]]
    ) -> None:
        self._stored = stored
        self._recipe = recipe
        self._by_step = by_step

    def grey_steps(self, voi: Window | LookupTable, request: DisplayRequest) -> list[Step]:
        """Stored values, padding, modality, window, presentation, picture."""
        recipe = self._recipe
        whole = measure_range(self._stored.values, Rescale())
        of_stored = (whole.minimum, whole.maximum)
        modality = measure_range(self._stored.values, recipe.modality)
        of_modality = (modality.minimum, modality.maximum)
        unit = f" {recipe.unit}" if recipe.unit else ""
        black_to_white = (255.0, 0.0) if recipe.inverted else (0.0, 255.0)
        meaning = "grey 255 - x: the highest value is black" if recipe.inverted else "left as it is"
        if request.inverted:
            meaning += ", the other way round than in the file, as was asked for"
        return [
            self._samples(of_stored),
            *self._optional("padding"),
            self._step(
                "modality", _modality_formula(recipe.modality, unit), of_stored, of_modality
            ),
            self._voi(voi, request, unit),
            self._step("presentation", meaning, (0.0, 255.0), black_to_white),
            *self._around(),
            self._output("256 grey levels, 0 is black", request),
        ]

    def color_steps(self, request: DisplayRequest) -> list[Step]:
        """Stored values, colour conversion, picture."""
        layout = self._stored.layout
        values = self._stored.values
        of_stored = (float(values.min()), float(values.max())) if values.size else None
        if layout.photometric_interpretation == "PALETTE COLOR":
            middle = self._step("palette", "each index becomes the colour of the palette")
        elif layout.photometric_interpretation == "RGB":
            middle = self._step("color", f"the samples are red, green and blue{_to_bytes(layout)}")
        else:
            interpretation = layout.photometric_interpretation
            meaning = f"{interpretation} is converted to red, green and blue{_to_bytes(layout)}"
            middle = self._step("color", meaning)
        return [
            self._samples(of_stored),
            middle,
            *self._around(),
            self._output("red, green and blue of 8 bits", request),
        ]

    def _samples(self, of_stored: Range | None) -> Step:
        layout = self._stored.layout
        sign = "signed" if layout.pixel_representation == 1 else "unsigned"
        kind = f"{sign} integers of {layout.bits_stored} bits"
        if layout.kind is not SampleKind.INTEGER:
            kind = f"floating point numbers of {layout.bits_allocated} bits"
        samples = "" if layout.samples_per_pixel == 1 else f"{layout.samples_per_pixel} x "
        end = "; the frame is cut short" if self._stored.truncated else ""
        meaning = f"{samples}{kind}, {layout.photometric_interpretation}, as decoded{end}"
        return self._step("samples", meaning, None, of_stored)

    def _voi(self, voi: Window | LookupTable, request: DisplayRequest, unit: str) -> Step:
        origin, decisions = self._origin(voi, request)
        if isinstance(voi, LookupTable):
            last = voi.first_mapped + voi.entries.size - 1
            meaning = (
                f"{origin}: grey = entry [{_less('x', voi.first_mapped)}]"
                f" x 255 / {(1 << voi.bits) - 1}, rounded;"
                f" the first entry below {voi.first_mapped}{unit}, the last above {last}{unit}"
            )
            value = f"{voi.entries.size} entries of {voi.bits} bits"
            of_input: Range = (float(voi.first_mapped), float(last))
            levels = apply_voi(np.arange(voi.first_mapped, last + 1, dtype=np.float64), voi)
            of_output: Range = (float(levels.min()), float(levels.max()))
        else:
            of_input, formula = _window_formula(voi, unit)
            meaning = f"{origin}: {formula}"
            value = f"center {_number(voi.center)}, width {_number(voi.width)}, {voi.function}"
            of_output = (0.0, 255.0)
        element = decisions[0].element if decisions else ""
        return Step(
            "voi", _TITLES["voi"], element, value, meaning, of_input, of_output, tuple(decisions)
        )

    def _origin(
        self, voi: Window | LookupTable, request: DisplayRequest
    ) -> tuple[str, list[Decision]]:
        """Say who chose, in the order of `choose_voi`, with the decisions that tell it."""
        recipe = self._recipe
        if request.full_dynamic:
            return f"minimum to maximum of the frame, {self._measured()}", []
        if request.percentile:
            return f"1st to 99th percentile of the frame, {self._measured()}", []
        if request.window is not None:
            return "the window that was asked for", []
        decisions = self._by_step.get("voi", [])
        if not recipe.voi:
            return f"1st to 99th percentile of the frame, {self._measured()}", decisions
        # The decisions on choices come first, one each; those on the function follow.
        chosen = request.voi or 0
        own = decisions[chosen : chosen + 1]
        of_function = decisions[len(recipe.voi) :] if isinstance(voi, Window) else []
        label = f' "{voi.explanation}"' if voi.explanation else ""
        kind = "window" if isinstance(voi, Window) else "VOI LUT"
        words = f"the {kind}{label} of the file"
        if len(recipe.voi) > 1:
            words += f", choice {chosen + 1} of {len(recipe.voi)}"
        return words, [*own, *of_function]

    def _measured(self) -> str:
        """From what a window was measured."""
        if self._stored.layout.bits_stored == 1:
            return "which has the two values of one bit"
        found: ValueRange = measure_range(
            self._stored.values, self._recipe.modality, self._recipe.padding
        )
        left_out = self._stored.values.size - found.measured
        words = f"measured on all {found.measured:,} values"
        if found.sampled < found.measured:
            words = f"measured on {found.sampled:,} of {found.measured:,} values"
        if left_out:
            words += f", {left_out:,} of padding or without a finite value left out"
        return words

    def _around(self) -> Iterable[Step]:
        for name in ("real_world", "overlays", "shutter", "pixel_aspect", "icc_profile"):
            yield from self._optional(name)

    def _optional(self, name: str) -> Iterable[Step]:
        """A step that is there only if something decided on it."""
        decisions = self._by_step.get(name)
        if decisions:
            yield self._step(name, decisions[0].meaning)

    def _step(
        self,
        name: str,
        meaning: str,
        input_range: Range | None = None,
        output_range: Range | None = None,
    ) -> Step:
        decisions = tuple(self._by_step.get(name, ()))
        named = next((decision for decision in decisions if decision.element), None)
        return Step(
            name,
            _TITLES[name],
            "" if named is None else named.element,
            "" if named is None else named.value,
            meaning,
            input_range,
            output_range,
            decisions,
        )

    def _output(self, kind: str, request: DisplayRequest) -> Step:
        layout, recipe = self._stored.layout, self._recipe
        parts = [f"{layout.columns} x {layout.rows} pixels, {kind}"]
        if request.color_map != "grey" and not is_color(layout):
            parts.append(f"in the colours of {request.color_map}")
        if request.overlays and recipe.overlays:
            parts.append("with the overlays in white")
        if request.size_px is not None:
            size = reduced_size(layout.rows, layout.columns, request.size_px, recipe.pixel_aspect)
            if size != (layout.rows, layout.columns):
                parts.append(f"made smaller: {size[1]} x {size[0]} pixels")
        return self._step("output", "; ".join(parts))


def _modality_formula(modality: Rescale | LookupTable, unit: str) -> str:
    if isinstance(modality, LookupTable):
        return (
            f"modality value{unit} = entry [{_less('stored value', modality.first_mapped)}]"
            f" of {modality.entries.size}; beyond the ends the first and the last"
        )
    if modality == Rescale():
        return f"modality value{unit} = stored value"
    words = f"modality value{unit} = stored value x {_number(modality.slope)}"
    if modality.intercept:
        words = _less(words, -modality.intercept)
    return words


def _window_formula(window: Window, unit: str) -> tuple[Range, str]:
    """Give the values of black and white, and the formula between them."""
    center, width = window.center, window.width
    if window.function is VoiFunction.SIGMOID:
        reach = width / 4 * _BEYOND
        low, high = center - reach, center + reach
        formula = f"grey = 255 / (1 + exp(-4 ({_less('x', center)}) / {_number(width)}))"
        return (low, high), (
            f"{formula}, rounded: 0 up to {_number(low)}{unit}, 255 from {_number(high)}{unit}"
        )
    if window.function is VoiFunction.LINEAR:
        center, width = center - 0.5, width - 1
    low, high = center - width / 2, center + width / 2
    if width == 0:
        return (low, high), f"a threshold: 0 up to {_number(low)}{unit}, 255 above"
    return (low, high), (
        f"grey = (({_less('x', center)}) / {_number(width)} + 0.5) x 255, rounded:"
        f" 0 up to {_number(low)}{unit}, 255 from {_number(high)}{unit}"
    )


def _number(value: float) -> str:
    return f"{value:.10g}"


def _less(minuend: str, value: float) -> str:
    """Write a difference without a double sign, and nothing where nothing is taken away."""
    if value == 0:
        return minuend
    return f"{minuend} {'-' if value > 0 else '+'} {_number(abs(value))}"


def _to_bytes(layout: PixelLayout) -> str:
    return "" if layout.bits_stored == 8 else f", and {layout.bits_stored} bits to 8"
