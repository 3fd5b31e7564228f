"""A contact sheet: the thumbnails of a run in rows, one tile a file.

Tiles are made by whoever makes thumbnails, as files in a folder that is gone at the end; the
sheet is written row by row of tiles, so that ten thousand take no more memory than a hundred.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcmview.bulk.files import new_file, unwritten_told
from dcmview.errors import DcmviewError, StartError, UsageError
from dcmview.pixels.encode import write_png
from dcmview.registry.stacks import SeriesInstance, build_stacks
from dcmview.thumbnails.label import burn_label, label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from dcmview.model import Acquisition, Placement
    from dcmview.registry.registry import Entry
    from dcmview.thumbnails.picture import Thumbnail
    from dcmview.thumbnails.settings import Color, ThumbnailSettings

    FramesOf = Callable[[Entry], Sequence[tuple[Acquisition, Placement]]]

MOST_SHEET_PX = 500_000_000
"""Larger pictures are opened by next to nothing."""
GAP_PX = 4
_BLACK = (0, 0, 0)


class ContactSheet:
    """A sheet in the making; a context, at whose end the tiles are gone.

    Parameters
    ----------
    path : str
        Where the sheet goes, a PNG.
    settings : ThumbnailSettings
        Those of its tiles.
    overwrite : bool
        Whether a file of that name may be replaced.

    Raises
    ------
    UsageError
        If the name is not that of a PNG, or there is such a file.
    StartError
        If its folder cannot be written to.
    """

    def __init__(self, path: str, settings: ThumbnailSettings, *, overwrite: bool = False) -> None:
        if not path.lower().endswith(".png"):
            raise UsageError(f"a contact sheet is a PNG, and its name ends so: {path}")
        if os.path.lexists(path) and not overwrite:
            raise UsageError(f"there is a file of that name; to replace it: --overwrite: {path}")
        self._path = path
        self._settings = settings
        self._overwrite = overwrite
        self._entries: list[Entry] = []
        folder = os.path.dirname(os.path.abspath(path))
        try:
            os.makedirs(folder, exist_ok=True)
            # Beside the sheet, where also the workers of a cluster can write.
            self.folder = tempfile.mkdtemp(prefix=".dcmview-sheet-", dir=folder)
        except OSError as exc:
            raise StartError(f"there can be no contact sheet at {path}: {exc.strerror}") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def expect(self, entry: Entry, output: str = "") -> None:
        """Note a file of which there may be a tile, and where its thumbnail goes.

        Raises
        ------
        UsageError
            If the sheet would be too large, or a thumbnail has its name.
        """
        if output == os.path.abspath(self._path):
            raise UsageError(f"a thumbnail has the name of the contact sheet: {self._path}")
        if not entry.header.shared.has_pixels:
            return
        self._entries.append(entry)
        cell_px = self._settings.size_px + GAP_PX
        if len(self._entries) * cell_px * cell_px > MOST_SHEET_PX:
            raise UsageError(
                f"a contact sheet of {len(self._entries):,} tiles or more of "
                f"{self._settings.size_px} pixels would have more than {MOST_SHEET_PX:,} pixels; "
                "choose a smaller --size, or fewer files"
            )

    def write(self, frames_of: FramesOf) -> int:
        """Write the sheet and give the number of its tiles; without any there is none.

        Parameters
        ----------
        frames_of : callable
            Gives how the frames of a file with functional groups were taken and lie.

        Raises
        ------
        OutputExists
            If somebody else has made a file of that name meanwhile.
        NotSaved
            If it cannot be written.
        """
        ordered = in_reading_order(self._entries, frames_of)
        found = (_tile(self.folder, entry, self._settings) for entry in ordered)
        tiles = [tile for tile in found if tile is not None]
        if not tiles:
            return 0
        grid = _Grid.of(tiles, self._settings.background or _BLACK, self._settings.size_px)
        stamps = tuple(entry.stamp for entry in ordered)
        with (
            unwritten_told(self._path),
            new_file(self._path, overwrite=self._overwrite, inputs=stamps) as stream,
        ):
            write_png(stream, grid.bands(tiles), grid.height, grid.width, is_color=grid.is_color)
        return len(tiles)


def tile_path(folder: str, entry: Entry) -> str:
    """Name the tile of a file: the same in every process, and without its path."""
    return os.path.join(folder, hashlib.sha256(os.fsencode(entry.path)).hexdigest())


def in_reading_order(entries: Iterable[Entry], frames_of: FramesOf) -> list[Entry]:
    """Order files as they are looked at: series in order of their first file, slices by place.

    The order of the files of a series is that of its stacks in the viewer.
    """
    series: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        shared = entry.header.shared
        key = shared.study_instance_uid, shared.series_instance_uid
        series.setdefault(key if all(key) else ("", entry.path), []).append(entry)
    return [entry for each in series.values() for entry in _stacked(each, frames_of)]


def _stacked(entries: list[Entry], frames_of: FramesOf) -> list[Entry]:
    if len(entries) == 1:
        return entries
    by_index = {entry.index: entry for entry in entries}

    def placements(index: int) -> Sequence[tuple[Acquisition, Placement]] | None:
        try:
            return frames_of(by_index[index])
        except DcmviewError:
            return None

    instances = [SeriesInstance(entry.index, entry.path, entry.header) for entry in entries]
    stacks = build_stacks(instances, placements)
    files = dict.fromkeys(file for stack in stacks for file in stack.files)
    return [by_index[file] for file in files]


class _Tile(NamedTuple):
    path: str
    rows: int
    columns: int
    is_color: bool
    label: str


def _tile(folder: str, entry: Entry, settings: ThumbnailSettings) -> _Tile | None:
    """The tile of a file; None of one that failed."""
    from PIL import Image

    path = tile_path(folder, entry)
    if not os.path.exists(path):
        return None
    label = label_of(entry.header) if settings.label else ""
    with Image.open(path, formats=("PNG",)) as picture:
        return _Tile(path, picture.height, picture.width, picture.mode == "RGB", label)


class _Grid(NamedTuple):
    """Cells as large as the largest tile, about as many beside as below each other."""

    rows: int
    columns: int
    cell_rows: int
    cell_columns: int
    is_color: bool
    background: Color
    size_px: int

    @classmethod
    def of(cls, tiles: list[_Tile], background: Color, size_px: int) -> _Grid:
        columns = math.ceil(math.sqrt(len(tiles)))
        return cls(
            rows=math.ceil(len(tiles) / columns),
            columns=columns,
            cell_rows=max(tile.rows for tile in tiles),
            cell_columns=max(tile.columns for tile in tiles),
            is_color=len(set(background)) > 1 or any(tile.is_color for tile in tiles),
            background=background,
            size_px=size_px,
        )

    @property
    def height(self) -> int:
        return self.rows * (self.cell_rows + GAP_PX) + GAP_PX

    @property
    def width(self) -> int:
        return self.columns * (self.cell_columns + GAP_PX) + GAP_PX

    def bands(self, tiles: list[_Tile]) -> Iterator[NDArray[np.uint8]]:
        """Give the sheet a row of cells at a time, each with the gap above it."""
        for first in range(0, len(tiles), self.columns):
            band = self._empty(GAP_PX + self.cell_rows, self.width)
            for place, tile in enumerate(tiles[first : first + self.columns]):
                left = GAP_PX + place * (self.cell_columns + GAP_PX)
                band[GAP_PX:, left : left + self.cell_columns] = self._cell(tile)
            yield band
        yield self._empty(GAP_PX, self.width)

    def _cell(self, tile: _Tile) -> NDArray[np.uint8]:
        from PIL import Image

        cell = self._empty(self.cell_rows, self.cell_columns)
        top, left = (self.cell_rows - tile.rows) // 2, (self.cell_columns - tile.columns) // 2
        with Image.open(tile.path, formats=("PNG",)) as picture:
            levels = np.asarray(picture.convert("RGB") if self.is_color else picture)
        cell[top : top + tile.rows, left : left + tile.columns] = levels
        labelled = burn_label(cell, tile.label, self.size_px)
        return labelled[-self.cell_rows :, : self.cell_columns]

    def _empty(self, rows: int, columns: int) -> NDArray[np.uint8]:
        if not self.is_color:
            return np.full((rows, columns), self.background[0], np.uint8)
        return np.tile(np.array(self.background, np.uint8), (rows, columns, 1))


def write_tile(folder: str, entry: Entry, tile: Thumbnail) -> None:
    """Leave the tile of a file where the sheet looks for it."""
    with new_file(tile_path(folder, entry), overwrite=True) as stream:
        stream.write(tile.content)
