"""What the scan keeps of a file so that its first picture needs no second parse.

Some hundred bytes a file: most files of a series share layout and recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.dicom.overlays import overlay_groups
from dcmview.dicom.recipe import display_recipe
from dcmview.model import DisplayRecipe, LookupTable, PixelLayout

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dcmview.dicom.instance import Instance
    from dcmview.dicom.source import PixelLocation

MOST_SHARED_RECIPES = 4096

_DIFFERS_BY_FRAME = (
    "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence",
    "OpticalPathSequence",
)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Where the pixels of a file lie and how they are shown.

    ``recipe`` holds for every frame; it is None where frames differ, or where
    the recipe holds tables too large to keep for every file.
    """

    layout: PixelLayout
    location: PixelLocation
    transfer_syntax_uid: str
    recipe: DisplayRecipe | None


class FactsReader:
    """Reads facts and keeps equal recipes once; for one thread."""

    def __init__(self) -> None:
        self._recipes: dict[Hashable, DisplayRecipe] = {}

    def read(self, instance: Instance) -> ImageFacts | None:
        """Give the facts of a parsed file; None where it holds no image or must be inflated."""
        location = instance.pixel_location
        if location is None or instance.inflated is not None:
            return None
        recipe = self._shared_recipe(instance)
        return ImageFacts(instance.layout, location, instance.transfer_syntax_uid, recipe)

    def _shared_recipe(self, instance: Instance) -> DisplayRecipe | None:
        if any(keyword in instance.dataset for keyword in _DIFFERS_BY_FRAME):
            return None
        if instance.layout.frame_count > 1 and overlay_groups(instance.dataset):
            return None  # each frame may have its own
        recipe = display_recipe(instance, 0)
        has_tables = recipe.palette is not None or recipe.icc_profile is not None
        has_tables = has_tables or any(mapping.values for mapping in recipe.real_world)
        if has_tables or any(isinstance(x, LookupTable) for x in (recipe.modality, *recipe.voi)):
            return None
        key = (
            recipe.photometric_interpretation,
            recipe.modality,
            recipe.unit,
            recipe.voi,
            recipe.inverted,
            recipe.padding,
            recipe.repairs,
            recipe.overlays,
            recipe.shutter,
            recipe.pixel_aspect,
            recipe.real_world,
        )
        if len(self._recipes) >= MOST_SHARED_RECIPES:
            self._recipes.clear()
        return self._recipes.setdefault(key, recipe)
