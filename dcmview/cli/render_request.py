"""Options of ``dcmview render`` as what the renderer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.cli.render import form_of, values_of
from dcmview.cli.windows import read_window
from dcmview.model import DisplayRequest
from dcmview.rendering.settings import Encoding, OutputForm, RenderSettings, Values

if TYPE_CHECKING:
    from dcmview.cli.render_options import RenderOptions


def render_settings(options: RenderOptions) -> RenderSettings:
    """Make settings of options that were checked."""
    request = DisplayRequest(
        window=read_window(options),
        voi=options.voi,
        full_dynamic=options.full_dynamic,
        overlays=options.overlay,
        size_px=options.size,
        quality=options.quality,
        inverted=options.invert,
        color_map=options.colormap or "grey",
    )
    return RenderSettings(
        OutputForm(form_of(options)),
        request,
        values=Values(values_of(options)),
        encoding=Encoding(options.encoding),
        annotations=options.annotations,
        annotations_columns=options.annotations_columns,
    )
