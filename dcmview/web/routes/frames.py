"""Display frames, raw frames, and what lies between them.

Frames in the cache are answered by the event loop itself; everything else is
computed in a thread of the scheduler.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from dcmview.errors import RequestError
from dcmview.model import LookupTable, PictureFormat, Rescale, Window
from dcmview.web import recipe_schemas
from dcmview.web.compression import accepts_gzip
from dcmview.web.context import context
from dcmview.web.params import (
    coarse_size,
    display_request,
    pixel_index,
    thumbnail_request,
    wire_encoding,
)
from dcmview.web.respond import BytesResponse, encode_json, json_response
from dcmview.web.routes.files import repair_notes
from dcmview.web.wire import encode_for_wire
from dcmview.web.work import in_thread

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.model import DisplayRecipe, DisplayRequest, RawFrame

MEDIA_TYPES = {
    PictureFormat.PNG: b"image/png",
    PictureFormat.JPEG: b"image/jpeg",
    PictureFormat.WEBP: b"image/webp",
}
OCTETS = b"application/octet-stream"


async def display_frame(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}``: the frame as a person sees it."""
    return await _picture(request, display_request(request.query_params))


async def preview(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/preview``: about that, soon."""
    return await _picture(request, display_request(request.query_params, preview=True))


async def thumbnail(request: Request) -> Response:
    """``GET /api/file/{index}/thumbnail``: a small picture that stands for the file."""
    library, index = context(request).library, request.path_params["index"]
    settings = thumbnail_request(request.query_params)
    made = await in_thread(
        request,
        ("thumbnail", index, settings),
        lambda is_wanted: library.thumbnail(index, settings, is_wanted),
    )
    headers = {"X-Frame-Index": str(made.frame_index)}
    if made.truncated:
        headers["X-Frame-Truncated"] = "1"
    return BytesResponse(made.content, MEDIA_TYPES[settings.request.format], headers)


async def raw_frame(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/raw``: the samples as stored, or fewer."""
    library, address = context(request).library, _address(request)
    as_planes, gzip = wire_encoding(request.query_params), accepts_gzip(request)
    size_px = coarse_size(request.query_params)
    cached = library.cached_raw_frame(*address, size_px)
    frame, hit = (
        (cached, True)
        if cached is not None
        else await in_thread(
            request,
            ("raw", *address, size_px),
            lambda is_wanted: library.raw_frame(*address, is_wanted, size_px=size_px),
        )
    )
    headers = {"X-Cache": _cache_word(hit), **frame_headers(frame)}
    if not as_planes:
        return BytesResponse(frame.samples, OCTETS, headers)
    body, encoding = await in_thread(
        request,
        ("planes", *address, size_px, gzip),
        lambda _is_wanted: encode_for_wire(frame, gzip=gzip),
    )
    if encoding:
        headers["X-Frame-Encoding"] = encoding
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return BytesResponse(body, OCTETS, headers)


async def frame_recipe(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/recipe``: from stored value to grey level."""
    library, address = context(request).library, _address(request)
    recipe = await in_thread(
        request, ("recipe", *address), lambda _is_wanted: library.recipe(*address)
    )
    return json_response(recipe_body(recipe))


async def explain_frame(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/explain``: what made the picture what it is."""
    library, address = context(request).library, _address(request)
    wanted, pixel = display_request(request.query_params), pixel_index(request.query_params)
    explanation = await in_thread(
        request,
        ("explain", *address, wanted, pixel),
        lambda _is_wanted: library.explanation(*address, wanted, pixel),
    )
    return json_response(_copied(explanation, recipe_schemas.Explanation))


async def overlay_plane(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/overlay/{group}``: one 60xx plane as a PNG."""
    library, address = context(request).library, _address(request)
    try:
        group = int(request.path_params["group"], 16)
    except ValueError as exc:
        raise RequestError("an overlay group is written in four digits, 6000 to 601E") from exc
    png = await in_thread(
        request,
        ("overlay", *address, group),
        lambda _is_wanted: library.overlay_png(*address, group),
    )
    return BytesResponse(png, MEDIA_TYPES[PictureFormat.PNG])


async def _picture(request: Request, wanted: DisplayRequest) -> Response:
    library, address = context(request).library, _address(request)
    cached = library.cached_picture(*address, wanted)
    picture, hit = (
        (cached, True)
        if cached is not None
        else await in_thread(
            request,
            ("picture", *address, wanted),
            lambda is_wanted: library.picture(*address, wanted, is_wanted),
        )
    )
    headers = {"X-Cache": _cache_word(hit)}
    if picture.truncated:
        headers["X-Frame-Truncated"] = "1"
    if wanted.preview:
        header = library.entry(address[0]).header.shared
        headers |= {"X-Frame-Rows": str(header.rows), "X-Frame-Columns": str(header.columns)}
    return BytesResponse(picture.content, MEDIA_TYPES[picture.format], headers)


@lru_cache(maxsize=256)
def recipe_body(recipe: DisplayRecipe) -> recipe_schemas.Recipe:
    """Write a recipe with an id made of its content."""
    padding = recipe.padding
    body = recipe_schemas.Recipe(
        id="",
        photometric_interpretation=recipe.photometric_interpretation,
        modality=(
            recipe_schemas.RescaleStep(recipe.modality.slope, recipe.modality.intercept)
            if isinstance(recipe.modality, Rescale)
            else _lut_step(recipe.modality)
        ),
        unit=recipe.unit,
        voi=[
            _window_step(choice) if isinstance(choice, Window) else _lut_step(choice)
            for choice in recipe.voi
        ],
        inverted=recipe.inverted,
        padding=None if padding is None else recipe_schemas.PaddingStep(padding.low, padding.high),
        overlays=_copied(recipe.overlays, list[recipe_schemas.OverlayInfo]),
        shutter=_copied(recipe.shutter, recipe_schemas.ShutterStep | None),
        pixel_aspect=_copied(recipe.pixel_aspect, recipe_schemas.PixelAspectRatio),
        has_icc_profile=recipe.icc_profile is not None,
        real_world=_copied(recipe.real_world, list[recipe_schemas.RealWorldStep]),
        patient_orientation=list(recipe.patient_orientation),
        spacing=_copied(recipe.spacing, recipe_schemas.SpacingNote | None),
        regions=_copied(recipe.regions, list[recipe_schemas.UltrasoundRegion]),
        suv=_copied(recipe.suv, recipe_schemas.Suv | None),
        suv_note=recipe.suv_note,
        repairs=repair_notes(recipe.repairs),
    )
    body.id = hashlib.blake2b(encode_json(body), digest_size=8).hexdigest()
    return body


def frame_headers(frame: RawFrame) -> dict[str, str]:
    """Describe the samples that are sent, which may differ from what the file says."""
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
        "X-Frame-Full-Rows": str(frame.full_rows),
        "X-Frame-Full-Columns": str(frame.full_columns),
        "X-Frame-Reduction": str(frame.reduction),
    }
    window = next((choice for choice in recipe.voi if isinstance(choice, Window)), None)
    if window is not None:
        headers["X-Frame-Default-Wc"] = repr(window.center)
        headers["X-Frame-Default-Ww"] = repr(window.width)
    if frame.truncated:
        headers["X-Frame-Truncated"] = "1"
    return headers


def _copied(value: Any, shape: Any) -> Any:
    """Write a value in a shape whose fields have the same names."""
    return msgspec.convert(value, shape, from_attributes=True)


def _window_step(window: Window) -> recipe_schemas.WindowStep:
    return recipe_schemas.WindowStep(
        window.center, window.width, window.function.value, window.explanation
    )


def _lut_step(lut: LookupTable) -> recipe_schemas.LutStep:
    return recipe_schemas.LutStep(lut.first_mapped, lut.bits, lut.entries.tolist(), lut.explanation)


def _address(request: Request) -> tuple[int, int]:
    return request.path_params["index"], request.path_params["frame"]


def _cache_word(hit: bool) -> str:
    return "HIT" if hit else "MISS"
