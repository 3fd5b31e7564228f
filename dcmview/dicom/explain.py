"""Which elements decided how a frame looks, and which could have and did not.

The recipe says what is done; this says why. It is made only on request, after
the recipe, from the places where the readers found what they used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.dicom.modality import rescale_places, stored_range
from dcmview.dicom.presentation import pixel_aspect_place
from dcmview.dicom.recipe import padding_prefix
from dcmview.dicom.transfer import transfer_syntax
from dcmview.dicom.windows import voi_places
from dcmview.model import Decision, Ignored, LookupTable, Rescale, SampleKind, Window

if TYPE_CHECKING:
    from dcmview.dicom.instance import Instance
    from dcmview.dicom.modality import ModalityFound
    from dcmview.dicom.windows import VoiFound
    from dcmview.model import DisplayRecipe

_INTERPRETATIONS = {
    "MONOCHROME1": "one grey value a pixel, the lowest is white",
    "MONOCHROME2": "one grey value a pixel, the lowest is black",
    "PALETTE COLOR": "an index a pixel, colours come from three tables",
    "RGB": "red, green and blue",
    "YBR_FULL": "luminance and two colour differences",
    "YBR_FULL_422": "luminance, and two colour differences for every two pixels",
    "YBR_PARTIAL_422": "luminance in 16 to 235, and two colour differences for every two pixels",
    "YBR_PARTIAL_420": "luminance in 16 to 235, and two colour differences for every four pixels",
    "YBR_ICT": "the lossy colour transform of JPEG 2000, undone by its decoder",
    "YBR_RCT": "the reversible colour transform of JPEG 2000, undone by its decoder",
}
_PIXEL_KEYWORDS = {
    SampleKind.INTEGER: "PixelData",
    SampleKind.FLOAT: "FloatPixelData",
    SampleKind.DOUBLE: "DoubleFloatPixelData",
}
_LONGEST_VALUE = 64


def explain_recipe(
    instance: Instance,
    frame_index: int,
    recipe: DisplayRecipe,
    modality: ModalityFound | None,
    voi: VoiFound | None,
) -> tuple[tuple[Decision, ...], tuple[Ignored, ...]]:
    """Name what decided each step of a recipe, and what was passed over.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based.
    recipe : DisplayRecipe
        Whose steps are explained.
    modality, voi : ModalityFound, VoiFound or None
        What the recipe was made of; None for colour, which has neither.

    Returns
    -------
    tuple of decisions and ignored elements
        In the order of the steps. Where the Standard's default decided, a
        decision has no element.
    """
    notes = _Notes(instance, frame_index)
    notes.samples()
    if modality is not None and voi is not None:
        notes.padding(recipe)
        notes.modality(modality)
        notes.voi(voi)
        notes.presentation(recipe)
        notes.palette_of_grey()
        notes.real_world(recipe)
    else:
        notes.color(recipe)
    notes.layers(recipe)
    return tuple(notes.decisions), tuple(notes.ignored)


class _Notes:
    """Collects decisions and ignored elements, a method a step."""

    def __init__(self, instance: Instance, frame_index: int) -> None:
        self.decisions: list[Decision] = []
        self.ignored: list[Ignored] = []
        self._instance = instance
        self._frame_index = frame_index
        self._top = Place(instance.dataset)

    def samples(self) -> None:
        layout = self._instance.layout
        self._transfer_syntax()
        self._of_layout(
            "PhotometricInterpretation",
            layout.photometric_interpretation,
            _INTERPRETATIONS.get(layout.photometric_interpretation, "not one of the Standard"),
        )
        if layout.samples_per_pixel > 1:
            order = "plane by plane" if layout.planar_configuration else "pixel by pixel"
            self._of_layout(
                "PlanarConfiguration",
                str(layout.planar_configuration),
                f"the {layout.samples_per_pixel} samples of a pixel lie {order}",
            )
        if layout.kind is not SampleKind.INTEGER:
            keyword = _PIXEL_KEYWORDS[layout.kind]
            bits = f"{layout.bits_allocated} bits"
            name = elements.element_name(keyword)
            self._decide("samples", name, bits, "the samples are floating point numbers")
            return
        self._of_layout(
            "BitsStored",
            str(layout.bits_stored),
            f"{layout.bits_stored} of the {layout.bits_allocated} bits of a sample hold the value,"
            f" the highest is bit {layout.high_bit}",
        )
        low, high = stored_range(layout)
        signed = "signed" if layout.pixel_representation == 1 else "unsigned"
        self._of_layout(
            "PixelRepresentation",
            str(layout.pixel_representation),
            f"{signed}: stored values lie between {low:.0f} and {high:.0f}",
        )

    def padding(self, recipe: DisplayRecipe) -> None:
        prefix = padding_prefix(self._instance.layout)
        value, limit = f"{prefix}Value", f"{prefix}RangeLimit"
        found = recipe.padding
        if found is None:
            self._default("padding", "no padding value: all stored values are image")
            self._ignore(self._top, limit, "it limits a padding value that is absent")
        else:
            same = found.low == found.high
            values = f"{found.low:.10g}" if same else f"{found.low:.10g} to {found.high:.10g}"
            low, high = stored_range(self._instance.layout)
            meaning = f"stored value {values} is no image and is left out of statistics"
            if found.high < low or found.low > high:
                meaning = f"stored value {values} would be padding, but no sample can have it"
            self._use("padding", self._top, value, meaning)
            if not same:
                self._use("padding", self._top, limit, "the other end of the padding values")
        if prefix != "PixelPadding":
            for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
                self._ignore(self._top, keyword, "it is for integer samples, these are not")

    def modality(self, found: ModalityFound) -> None:
        value, place = found.value, found.place
        if place is None:
            self._default(
                "modality", "no rescale and no Modality LUT: modality values are the stored values"
            )
        elif isinstance(value, LookupTable):
            table = f"a Modality LUT{_quoted(value.explanation)} replaces the stored values"
            self._decide("modality", place.element(found.keyword), _table(value), table)
        elif found.keyword == "DoseGridScaling":
            meaning = f"dose = stored value x {value.slope:.10g}"
            self._use("modality", place, found.keyword, meaning)
            self._use("modality", place, "DoseUnits", "the unit of the dose")
        else:
            self._rescale(place, value)
        if found.unit and found.unit_place is not None and found.unit_keyword != "DoseUnits":
            meaning = f"modality values are in {found.unit}"
            if found.unit_keyword == "SOPClassUID":
                meaning += ", as those of CT are where Rescale Type (0028,1054) is absent"
            self._use("modality", found.unit_place, found.unit_keyword, meaning)
        self._ignored_modality(found)

    def voi(self, found: VoiFound) -> None:
        if found.place is None:
            self._default(
                "voi",
                "no window and no VOI LUT:"
                " the 1st to the 99th percentile of the frame becomes black to white",
            )
        else:
            self._choices(found, found.place)
        later = False
        for place in voi_places(self._instance, self._frame_index):
            if later:
                for keyword in ("WindowCenter", "WindowWidth", "VOILUTSequence"):
                    self._ignore(place, keyword, "what is closer to the frame comes first")
            later = later or (found.place is not None and place.path == found.place.path)
        self._ignore(
            self._top, "SoftcopyVOILUTSequence", "it belongs to presentation states, not to images"
        )

    def presentation(self, recipe: DisplayRecipe) -> None:
        keyword = "PresentationLUTShape"
        shape = elements.text(self._top.dataset, keyword).upper()
        interpretation = recipe.photometric_interpretation
        by_interpretation = interpretation == "MONOCHROME1"
        result = "the picture is inverted, once, after the window"
        if not recipe.inverted:
            result = "the picture is not inverted"
        if recipe.inverted is by_interpretation:
            self._use("presentation", self._top, "PhotometricInterpretation", result)
        agrees = {"IDENTITY": False, "INVERSE": True}.get(shape)
        if agrees is None:
            self._ignore(self._top, keyword, "it is for printers")
        elif agrees is recipe.inverted:
            self._use("presentation", self._top, keyword, result)
        else:
            self._ignore(
                self._top, keyword, f"it contradicts {interpretation}, which is right as a rule"
            )
        self._ignore(
            self._top,
            "PresentationLUTSequence",
            "it belongs to presentation states and printers, not to images",
        )

    def palette_of_grey(self) -> None:
        self._ignore(
            self._top,
            "RedPaletteColorLookupTableDescriptor",
            "a grey image is shown in grey, its palette is a supplement",
        )

    def real_world(self, recipe: DisplayRecipe) -> None:
        macros = self._instance.groups.macros(self._frame_index, "RealWorldValueMappingSequence")
        for place in next(macros, ()):
            unit = "".join(
                f" in {elements.text(item.dataset, 'CodeValue')}"
                for item in place.items("MeasurementUnitsCodeSequence")[:1]
            )
            label = _quoted(elements.text(place.dataset, "LUTLabel"))
            meaning = f"real world values{label}{unit}, for reading values and not for display"
            for keyword in ("RealWorldValueSlope", "RealWorldValueIntercept"):
                self._use("real_world", place, keyword, meaning)
            if elements.stored_element(place.dataset, "RealWorldValueSlope") is None:
                self._use("real_world", place, "RealWorldValueLUTData", meaning)
        if any(mapping.label == "dose" for mapping in recipe.real_world):
            meaning = "the dose of a stored value, for reading values and not for display"
            self._use("real_world", self._top, "DoseGridScaling", meaning)

    def color(self, recipe: DisplayRecipe) -> None:
        if recipe.palette is not None:
            for name in ("red", "green", "blue"):
                table: LookupTable = getattr(recipe.palette, name)
                keyword = f"{name.capitalize()}PaletteColorLookupTableDescriptor"
                meaning = f"the {name} of every index"
                self._decide("palette", self._top.element(keyword), _table(table), meaning)
        else:
            self._ignore(
                self._top,
                "RedPaletteColorLookupTableDescriptor",
                "the samples are colours, not indices",
            )
        reason = "it is for grey values, this image is in colour"
        for keyword in ("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"):
            self._ignore(self._top, keyword, reason)
        for place in voi_places(self._instance, self._frame_index):
            for keyword in ("WindowCenter", "WindowWidth", "VOILUTSequence"):
                self._ignore(place, keyword, reason)
        if recipe.icc_profile is None:
            self._default("icc_profile", "no ICC profile is used: colours are shown as sRGB")

    def layers(self, recipe: DisplayRecipe) -> None:
        """What lies on the picture or around it, as far as the recipe has it."""
        for overlay in recipe.overlays:
            self._decide(
                "overlays",
                f"({overlay.group:04X},3000) Overlay Data",
                f"{overlay.rows} x {overlay.columns} at row {overlay.origin_row},"
                f" column {overlay.origin_column}",
                f"a layer{_quoted(overlay.label)} that can be laid over the picture",
            )
        if recipe.shutter is not None:
            self._decide(
                "shutter",
                elements.element_name("ShutterShape"),
                elements.text(self._top.dataset, "ShutterShape"),
                "what lies outside can be shut",
            )
        self._pixel_aspect(recipe)
        if recipe.icc_profile is not None:
            self._decide(
                "icc_profile",
                elements.element_name("ICCProfile"),
                f"{len(recipe.icc_profile):,} bytes",
                "what the colours are, given on with the picture",
            )

    def _pixel_aspect(self, recipe: DisplayRecipe) -> None:
        found = pixel_aspect_place(self._instance, self._frame_index)
        aspect = recipe.pixel_aspect
        shape = (
            "square"
            if aspect.vertical == aspect.horizontal
            else (f"{aspect.vertical / aspect.horizontal:.6g} times as high as wide")
        )
        if found is None:
            self._default("pixel_aspect", "no spacing and no ratio: pixels are square")
            return
        place, keyword = found
        value = elements.text(place.dataset, keyword)
        self._decide("pixel_aspect", place.element(keyword), value, f"a pixel is {shape}")
        if keyword != "PixelAspectRatio":
            reason = "the spacing says what shape a pixel has"
            self._ignore(self._top, "PixelAspectRatio", reason)

    def _transfer_syntax(self) -> None:
        uid = self._instance.transfer_syntax_uid
        syntax = transfer_syntax(uid)
        if not syntax.encapsulated:
            meaning = "the samples are not compressed"
        elif syntax.lossy:
            meaning = "the samples are compressed and may have lost detail"
        else:
            meaning = "the samples are compressed without loss"
        meta = getattr(self._top.dataset, "file_meta", None)
        if meta is not None and elements.text(meta, "TransferSyntaxUID") == uid:
            name = elements.element_name("TransferSyntaxUID")
        else:
            name, meaning = "", f"{meaning}; the file does not say so, its content does"
        self._decide("samples", name, f"{uid} {syntax.name}", meaning)

    def _of_layout(self, keyword: str, value: str, meaning: str) -> None:
        """Decide on the samples by an element that may be absent."""
        if elements.text(self._top.dataset, keyword):
            self._decide("samples", elements.element_name(keyword), value, meaning)
        else:
            name = elements.element_name(keyword)
            self._default("samples", f"{name} is absent: {meaning}", value)

    def _rescale(self, place: Place, rescale: Rescale) -> None:
        slope, intercept = f"{rescale.slope:.10g}", f"{rescale.intercept:.10g}"
        for keyword, value, meaning in (
            ("RescaleSlope", slope, f"stored values are multiplied by {slope}"),
            ("RescaleIntercept", intercept, f"then {intercept} is added"),
        ):
            if elements.text(place.dataset, keyword):
                self._decide("modality", place.element(keyword), value, meaning)
            else:
                name = elements.element_name(keyword)
                self._default("modality", f"{name} is absent: {meaning}", value)

    def _ignored_modality(self, found: ModalityFound) -> None:
        top = self._top
        if not isinstance(found.value, LookupTable):
            self._ignore(
                top,
                "ModalityLUTSequence",
                "in X-ray angiography it leads back to the intensity and is not for display",
            )
        reason = "what is closer to the frame comes first"
        if isinstance(found.value, LookupTable):
            reason = "a Modality LUT replaces slope and intercept"
        elif found.keyword == "DoseGridScaling":
            reason = "a dose grid is scaled by Dose Grid Scaling (3004,000E) alone"
        for place in rescale_places(self._instance, self._frame_index, top):
            is_used = found.place is not None and place.path == found.place.path
            if not is_used or found.keyword == "DoseGridScaling":
                for keyword in ("RescaleSlope", "RescaleIntercept"):
                    self._ignore(place, keyword, reason)
        if found.keyword != "DoseGridScaling":
            self._ignore(
                top, "DoseGridScaling", "the windows of the file are for values without it"
            )
        macros = self._instance.groups.macros(
            self._frame_index, "PixelIntensityRelationshipLUTSequence"
        )
        for places in macros:
            for place in places[:1]:
                self._ignore(
                    place,
                    "LUTData",
                    "it leads to another relation to the X-ray intensity and is not for display",
                )

    def _choices(self, found: VoiFound, place: Place) -> None:
        has_window = False
        for order, (choice, number) in enumerate(zip(found.choices, found.numbers, strict=True), 1):
            role = "the default" if order == 1 else f"choice {order}"
            if isinstance(choice, Window):
                has_window = True
                self._decide(
                    "voi",
                    place.element("WindowCenter"),
                    f"value {number}: center {choice.center:.10g}, width {choice.width:.10g}",
                    f"{role}: a {choice.function} window{_quoted(choice.explanation)}",
                )
            else:
                item = place.items("VOILUTSequence")[number - 1]
                self._decide(
                    "voi",
                    item.element("LUTData"),
                    _table(choice),
                    f"{role}: a VOI LUT{_quoted(choice.explanation)}",
                )
        if has_window and elements.text(place.dataset, "VOILUTFunction"):
            self._use("voi", place, "VOILUTFunction", "the function that reads the windows")
        elif has_window:
            name = elements.element_name("VOILUTFunction")
            self._default("voi", f"{name} is absent: LINEAR reads the windows", "LINEAR")

    def _use(self, step: str, place: Place, keyword: str, meaning: str) -> None:
        """Note that an element decided, if it is there."""
        value = _text(place, keyword)
        if value:
            self._decide(step, place.element(keyword), value, meaning)

    def _decide(self, step: str, element: str, value: str, meaning: str) -> None:
        self.decisions.append(Decision(step, element, value, meaning))

    def _default(self, step: str, meaning: str, value: str = "") -> None:
        self.decisions.append(Decision(step, "", value, meaning))

    def _ignore(self, place: Place, keyword: str, reason: str) -> None:
        """Note that an element did nothing, if it is there."""
        value = _text(place, keyword)
        if value:
            self.ignored.append(Ignored(place.element(keyword), value, reason))


def _text(place: Place, keyword: str) -> str:
    """A value for people to read, empty where there is none."""
    if keyword.endswith("Sequence"):
        count = len(place.items(keyword))
        return f"{count} {'item' if count == 1 else 'items'}" if count else ""
    if keyword.endswith("Data"):
        return "" if elements.stored_element(place.dataset, keyword) is None else "a table"
    found = elements.text(place.dataset, keyword)
    return found if len(found) <= _LONGEST_VALUE else f"{found[:_LONGEST_VALUE]}…"


def _table(table: LookupTable) -> str:
    return f"{table.entries.size} entries of {table.bits} bits from {table.first_mapped}"


def _quoted(explanation: str) -> str:
    return f' "{explanation[:_LONGEST_VALUE]}"' if explanation else ""
