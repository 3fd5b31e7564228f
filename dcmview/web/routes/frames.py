"""Display frames, raw frames and the recipe between them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.responses import Response

from dcmview.model import LookupTable, Rescale, Window
from dcmview.web import schemas
from dcmview.web.context import context
from dcmview.web.params import display_request
from dcmview.web.respond import encode_json, json_response
from dcmview.web.routes.files import repair_notes

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcmview.model import DisplayRecipe, RawFrame


def display_frame(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}``: the frame as a person sees it."""
    wanted = display_request(request.query_params)
    png, hit = context(request).library.display_png(*_address(request), wanted)
    return Response(png, media_type="image/png", headers={"X-Cache": _cache_word(hit)})


def raw_frame(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/raw``: the samples as stored."""
    frame, hit = context(request).library.raw_frame(*_address(request))
    headers = {"X-Cache": _cache_word(hit), **_frame_headers(frame)}
    return Response(frame.samples, media_type="application/octet-stream", headers=headers)


def frame_recipe(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/recipe``: from stored value to grey level."""
    return json_response(recipe_body(context(request).library.recipe(*_address(request))))


def recipe_body(recipe: DisplayRecipe) -> schemas.Recipe:
    """Write a recipe with an id made of its content."""
    padding = recipe.padding
    body = schemas.Recipe(
        id="",
        photometric_interpretation=recipe.photometric_interpretation,
        modality=(
            schemas.RescaleStep(recipe.modality.slope, recipe.modality.intercept)
            if isinstance(recipe.modality, Rescale)
            else _lut_step(recipe.modality)
        ),
        unit=recipe.unit,
        voi=[
            _window_step(choice) if isinstance(choice, Window) else _lut_step(choice)
            for choice in recipe.voi
        ],
        inverted=recipe.inverted,
        padding=None if padding is None else schemas.PaddingStep(padding.low, padding.high),
        repairs=repair_notes(recipe.repairs),
    )
    body.id = hashlib.blake2b(encode_json(body), digest_size=8).hexdigest()
    return body


def _frame_headers(frame: RawFrame) -> dict[str, str]:
    layout, recipe = frame.layout, frame.recipe
    rescale = recipe.modality if isinstance(recipe.modality, Rescale) else Rescale()
    headers = {
        "X-Frame-Rows": str(layout.rows),
        "X-Frame-Columns": str(layout.columns),
        "X-Frame-Bits-Allocated": str(frame.bits_allocated),
        "X-Frame-Bits-Stored": str(layout.bits_stored),
        "X-Frame-Pixel-Representation": str(int(frame.is_signed)),
        "X-Frame-Sample-Kind": layout.kind.value,
        "X-Frame-Samples-Per-Pixel": str(layout.samples_per_pixel),
        "X-Frame-Photometric-Interpretation": layout.photometric_interpretation,
        "X-Frame-Rescale-Slope": repr(rescale.slope),
        "X-Frame-Rescale-Intercept": repr(rescale.intercept),
        "X-Frame-Recipe": recipe_body(recipe).id,
    }
    window = next((choice for choice in recipe.voi if isinstance(choice, Window)), None)
    if window is not None:
        headers["X-Frame-Default-Wc"] = repr(window.center)
        headers["X-Frame-Default-Ww"] = repr(window.width)
    if frame.truncated:
        headers["X-Frame-Truncated"] = "1"
    return headers


def _window_step(window: Window) -> schemas.WindowStep:
    return schemas.WindowStep(
        window.center, window.width, window.function.value, window.explanation
    )


def _lut_step(lut: LookupTable) -> schemas.LutStep:
    return schemas.LutStep(lut.first_mapped, lut.bits, lut.entries.tolist(), lut.explanation)


def _address(request: Request) -> tuple[int, int]:
    return request.path_params["index"], request.path_params["frame"]


def _cache_word(hit: bool) -> str:
    return "HIT" if hit else "MISS"
