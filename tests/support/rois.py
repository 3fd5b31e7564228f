"""ROIs for tests: plain ones, and hypothesis strategies for any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dcmview.annotations.roi import ImagePoint, Roi, canonical
from dcmview.model import SharedHeader

ROWS, COLUMNS, FRAMES = 100, 200, 7
IMAGE = SharedHeader(has_pixels=True, rows=ROWS, columns=COLUMNS, frame_count=FRAMES)

POINT_COUNTS = {
    "rectangle": (2, 2),
    "ellipse": (2, 2),
    "polygon": (3, 8),
    "freehand": (3, 8),
    "polyline": (2, 8),
    "point": (1, 1),
    "length": (2, 2),
    "angle": (3, 3),
    "cobb": (4, 4),
}


def box(roi_id: str, *corners: float, **more: Any) -> Roi:
    """A rectangle from (x0, y0) to (x1, y1)."""
    x0, y0, x1, y1 = corners or (1, 2, 30, 40)
    points = (ImagePoint(x0, y0), ImagePoint(x1, y1))
    return Roi(id=roi_id, kind="rectangle", points=points, **more)


def point(roi_id: str, x: float = 5, y: float = 6, **more: Any) -> Roi:
    """A point."""
    return Roi(id=roi_id, kind="point", points=(ImagePoint(x, y),), **more)


def _number(most: int) -> st.SearchStrategy[float]:
    return st.integers(0, most) | st.floats(0, most)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
frame_lists = st.lists(st.integers(0, FRAMES - 1), unique=True, min_size=1).map(
    lambda frames: tuple(sorted(frames))
)
times = st.sampled_from(["", "2024-01-31T09:15:00Z", "2024-01-31T09:15:00.25+02:00"])


@st.composite
def rois(
    draw: st.DrawFn,
    roi_id: str = "a",
    columns: int = COLUMNS,
    rows: int = ROWS,
    kinds: tuple[str, ...] = tuple(POINT_COUNTS),
) -> Roi:
    """Any ROI in canonical form that fits `IMAGE`, or one of another size."""
    kind = draw(st.sampled_from(kinds))
    least, most = POINT_COUNTS[kind]
    has_box = kind in ("rectangle", "ellipse")
    xs = draw(st.lists(_number(columns), min_size=least, max_size=most, unique=has_box))
    ys = draw(st.lists(_number(rows), min_size=len(xs), max_size=len(xs), unique=has_box))
    roi = Roi(
        id=roi_id,
        kind=kind,
        points=tuple(map(ImagePoint, xs, ys)),
        frames=draw(st.just("all") | frame_lists),
        label=draw(texts),
        color=draw(st.sampled_from(["", "#00ff7f"])),
        group=draw(texts),
        score=draw(st.none() | st.floats(-1, 1) | st.integers(0, 100)),
        note=draw(texts),
        author=draw(texts),
        source=draw(texts),
        created=draw(times),
        modified=draw(times),
        locked=draw(st.booleans()),
    )
    return canonical(roi, "ROI")


@st.composite
def roi_lists(draw: st.DrawFn, most: int = 4) -> tuple[Roi, ...]:
    """ROIs of one file."""
    return tuple(draw(rois(f"r{n}")) for n in range(draw(st.integers(0, most))))
