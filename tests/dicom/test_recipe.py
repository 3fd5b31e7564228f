"""What a file says about its display, as plain numbers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import uid
from pydicom.sequence import Sequence as DicomSequence
from support.datasets import groups, image, item, opened, part10
from support.pixel_files import pixel_file_named

from dcmview.dicom.instance import open_instance
from dcmview.dicom.recipe import display_recipe
from dcmview.model import LookupTable, PaddingRange, RealWorldMapping, Rescale, Window

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    from dcmview.model import DisplayRecipe


def recipe(tmp_path: Path, dataset: Dataset, frame_index: int = 0) -> DisplayRecipe:
    return display_recipe(opened(tmp_path, dataset), frame_index)


def lut(first_mapped: int, entries: list[int], **elements: Any) -> Sequence:
    table = item(**elements)
    table[0].add_new("LUTDescriptor", "US", [len(entries) & 0xFFFF, first_mapped & 0xFFFF, 16])
    table[0].add_new("LUTData", "OW", struct.pack(f"<{len(entries)}H", *entries))
    return table


def codes(found: DisplayRecipe) -> set[str]:
    return {repair.code for repair in found.repairs}


# Modality


def test_an_image_that_says_nothing_needs_nothing(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(SOPClassUID=uid.SecondaryCaptureImageStorage))
    assert found.photometric_interpretation == "MONOCHROME2"
    assert (found.modality, found.unit, found.voi) == (Rescale(), "", ())
    assert (found.inverted, found.padding, found.palette) == (False, None, None)
    assert found.repairs == ()


def test_rescale_is_read_with_its_unit(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(RescaleSlope=2, RescaleIntercept=-1024, RescaleType="OD"))
    assert found.modality == Rescale(2, -1024)
    assert found.unit == "OD"


@pytest.mark.parametrize(
    ("sop_class", "unit"), [(uid.CTImageStorage, "HU"), (uid.MRImageStorage, "")]
)
def test_only_ct_means_hounsfield_units_without_saying_so(
    tmp_path: Path, sop_class: str, unit: str
) -> None:
    dataset = image(SOPClassUID=sop_class, RescaleSlope=1, RescaleIntercept=-1024)
    assert recipe(tmp_path, dataset).unit == unit


def test_unspecified_is_no_unit(tmp_path: Path) -> None:
    dataset = image(RescaleSlope=1, RescaleIntercept=0, RescaleType="US")
    dataset.SOPClassUID = uid.MRImageStorage
    assert recipe(tmp_path, dataset).unit == ""


def test_a_negative_slope_is_kept(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(RescaleSlope=-1, RescaleIntercept=100))
    assert found.modality == Rescale(-1, 100)
    assert not found.inverted


def test_a_slope_of_0_would_lose_the_image(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(RescaleSlope=0, RescaleIntercept=5))
    assert found.modality == Rescale(1, 5)
    assert codes(found) == {"rescale-slope"}


def test_each_frame_has_its_own_rescale(tmp_path: Path) -> None:
    dataset = image(NumberOfFrames=2, PixelData=bytes(24), RescaleSlope=9, RescaleIntercept=9)
    dataset.PerFrameFunctionalGroupsSequence = groups(
        *(
            {
                "PixelValueTransformationSequence": item(
                    RescaleSlope=slope, RescaleIntercept=0, RescaleType="US"
                )
            }
            for slope in (2, 3)
        )
    )
    assert recipe(tmp_path, dataset, 0).modality == Rescale(2, 0)
    assert recipe(tmp_path, dataset, 1).modality == Rescale(3, 0)


def test_a_modality_lut_replaces_the_rescale(tmp_path: Path) -> None:
    dataset = image(RescaleSlope=2, RescaleIntercept=1)
    dataset.ModalityLUTSequence = lut(0, [0, 10, 100], ModalityLUTType="OD", LUTExplanation="film")
    found = recipe(tmp_path, dataset)
    assert isinstance(found.modality, LookupTable)
    assert found.modality.entries.tolist() == [0, 10, 100]
    assert found.modality.explanation == "film"
    assert found.unit == "OD"


@pytest.mark.parametrize(("pixel_representation", "first_mapped"), [(0, 65534), (1, -2)])
def test_a_modality_lut_starts_where_stored_values_may_be(
    tmp_path: Path, pixel_representation: int, first_mapped: int
) -> None:
    dataset = image(PixelRepresentation=pixel_representation)
    dataset.ModalityLUTSequence = lut(-2, [1, 2, 3], ModalityLUTType="US")
    found = recipe(tmp_path, dataset).modality
    assert isinstance(found, LookupTable)
    assert found.first_mapped == first_mapped


@pytest.mark.parametrize(
    "sop_class",
    [uid.XRayAngiographicImageStorage, uid.XRayRadiofluoroscopicImageStorage],
)
def test_the_modality_lut_of_angiography_is_not_for_display(tmp_path: Path, sop_class: str) -> None:
    dataset = image(SOPClassUID=sop_class)
    dataset.ModalityLUTSequence = lut(0, [3, 2, 1], ModalityLUTType="US")
    assert recipe(tmp_path, dataset).modality == Rescale()


def test_angiography_keeps_its_rescale_beside_a_modality_lut(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.XRayAngiographicImageStorage, RescaleSlope=2)
    dataset.ModalityLUTSequence = lut(0, [3, 2, 1], ModalityLUTType="US")
    assert recipe(tmp_path, dataset).modality == Rescale(2, 0)


def test_a_modality_lut_without_a_table_gives_way_to_the_rescale(tmp_path: Path) -> None:
    dataset = image(RescaleSlope=2, RescaleIntercept=1)
    dataset.ModalityLUTSequence = item(ModalityLUTType="US")
    found = recipe(tmp_path, dataset)
    assert found.modality == Rescale(2, 1)
    assert codes(found) == {"lut-missing"}


def test_an_empty_transformation_of_the_frame_gives_way_to_the_shared_one(tmp_path: Path) -> None:
    dataset = image(RescaleSlope=9, RescaleIntercept=9)
    dataset.PerFrameFunctionalGroupsSequence = groups({"PixelValueTransformationSequence": item()})
    dataset.SharedFunctionalGroupsSequence = groups(
        {"PixelValueTransformationSequence": item(RescaleSlope=3, RescaleIntercept=4)}
    )
    assert recipe(tmp_path, dataset).modality == Rescale(3, 4)


def test_the_top_level_has_the_rescale_that_no_group_has(tmp_path: Path) -> None:
    dataset = image(RescaleSlope=3, RescaleIntercept=4)
    dataset.SharedFunctionalGroupsSequence = groups({})
    assert recipe(tmp_path, dataset).modality == Rescale(3, 4)


def dose(**elements: Any) -> Dataset:
    dataset = image(SOPClassUID=uid.RTDoseStorage, DoseUnits="GY", **elements)
    dataset.DoseGridScaling = "0.25"
    return dataset


@pytest.mark.parametrize("rescale", [{}, {"RescaleSlope": 1, "RescaleIntercept": 0}])
def test_a_dose_grid_is_scaled_even_beside_a_rescale_that_does_nothing(
    tmp_path: Path, rescale: dict[str, int]
) -> None:
    found = recipe(tmp_path, dose(**rescale))
    assert found.modality == Rescale(0.25, 0)
    assert found.unit == "Gy"
    assert found.real_world == ()


def test_the_windows_of_a_dose_grid_are_for_its_stored_values(tmp_path: Path) -> None:
    found = recipe(tmp_path, dose(WindowCenter=100, WindowWidth=200, BitsStored=8, HighBit=7))
    assert found.modality == Rescale()
    assert found.real_world == (RealWorldMapping(0, 255, 0.25, 0, unit="Gy", label="dose"),)


def test_a_dose_scaling_of_0_would_lose_the_image(tmp_path: Path) -> None:
    dataset = dose()
    dataset.DoseGridScaling = 0
    found = recipe(tmp_path, dataset)
    assert found.modality == Rescale(1, 0)
    assert codes(found) == {"dose-scaling"}


def test_a_real_dose_is_in_its_unit() -> None:
    found = display_recipe(open_instance(str(pixel_file_named("rtdose.dcm"))), 0)
    assert found.modality == Rescale(1e-6, 0)


@pytest.mark.parametrize(
    ("units", "unit"), [("BQML", "Bq/ml"), ("GML", "g/ml"), ("NONE", ""), ("ODD", "ODD")]
)
def test_pet_names_its_unit_even_where_the_rescale_does_nothing(
    tmp_path: Path, units: str, unit: str
) -> None:
    dataset = image(SOPClassUID=uid.PositronEmissionTomographyImageStorage, Units=units)
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    assert recipe(tmp_path, dataset).unit == unit


def test_a_real_modality_lut_is_read() -> None:
    found = display_recipe(open_instance(str(pixel_file_named("mlut_18.dcm"))), 0).modality
    assert isinstance(found, LookupTable)
    assert (found.entries.size, found.first_mapped, found.bits) == (4096, -2048, 16)


@pytest.mark.parametrize("bits", [0, 65535])
def test_impossible_bits_leave_a_recipe(tmp_path: Path, bits: int) -> None:
    dataset = image(BitsAllocated=bits, BitsStored=bits, RescaleSlope=1, RescaleIntercept=0)
    dataset.PixelRepresentation = 1
    dataset.add_new("PixelPaddingValue", "SS", -1)
    dataset.VOILUTSequence = lut(-1, [1, 2])
    instance = opened(tmp_path, dataset)
    found = display_recipe(instance, 0, explain=True)
    assert found.modality == Rescale(1, 0)
    assert len(found.voi) == 1


# VOI


def test_windows_come_before_tables(tmp_path: Path) -> None:
    dataset = image(WindowCenter=[40, 50], WindowWidth=[400, 500])
    dataset.VOILUTSequence = lut(0, [0, 65535], LUTExplanation="hard")
    first, second, table = recipe(tmp_path, dataset).voi
    assert (first, second) == (Window(40, 400), Window(50, 500))
    assert isinstance(table, LookupTable)
    assert table.entries.tolist() == [0, 65535]
    assert table.explanation == "hard"


@pytest.mark.parametrize(
    ("slope", "intercept", "first_mapped"),
    [
        pytest.param(1, 0, 64536, id="modality values are not negative"),
        pytest.param(1, -1024, -1000, id="the intercept makes them negative"),
        pytest.param(-1, 0, -1000, id="the slope makes them negative"),
    ],
)
def test_a_voi_lut_starts_where_modality_values_may_be(
    tmp_path: Path, slope: int, intercept: int, first_mapped: int
) -> None:
    dataset = image(RescaleSlope=slope, RescaleIntercept=intercept)
    dataset.VOILUTSequence = lut(-1000, [1, 2])
    (table,) = recipe(tmp_path, dataset).voi
    assert isinstance(table, LookupTable)
    assert table.first_mapped == first_mapped


@pytest.mark.parametrize(
    ("intercept", "first_mapped"),
    [
        pytest.param(-1024, 40000, id="most of the table lies above"),
        pytest.param(-32768, -25536, id="most of the table lies below"),
    ],
)
def test_the_start_of_a_voi_lut_is_where_it_meets_the_modality_values(
    tmp_path: Path, intercept: int, first_mapped: int
) -> None:
    dataset = image(RescaleSlope=1, RescaleIntercept=intercept)
    dataset.VOILUTSequence = lut(40000, [0] * 20000)
    (table,) = recipe(tmp_path, dataset).voi
    assert isinstance(table, LookupTable)
    assert table.first_mapped == first_mapped


@pytest.mark.parametrize("broken", ["LUTDescriptor", "LUTData"])
def test_a_voi_lut_without_a_table_is_left_out_and_said(tmp_path: Path, broken: str) -> None:
    dataset = image(WindowCenter=40, WindowWidth=400, VOILUTSequence=lut(0, [1, 2]))
    delattr(dataset.VOILUTSequence[0], broken)
    found = recipe(tmp_path, dataset)
    assert found.voi == (Window(40, 400),)
    assert codes(found) == {"lut-missing"}


def test_a_voi_lut_of_65536_entries_says_0(tmp_path: Path) -> None:
    dataset = image(VOILUTSequence=lut(0, list(range(65535, -1, -1))))
    (table,) = recipe(tmp_path, dataset).voi
    assert isinstance(table, LookupTable)
    assert table.entries.size == 65536
    assert table.entries[[0, -1]].tolist() == [65535, 0]


def test_an_empty_voi_lut_sequence_is_none(tmp_path: Path) -> None:
    dataset = image(VOILUTSequence=[], WindowCenter=40, WindowWidth=400)
    assert recipe(tmp_path, dataset).voi == (Window(40, 400),)


def test_each_frame_has_its_own_window(tmp_path: Path) -> None:
    dataset = image(NumberOfFrames=3, PixelData=bytes(36), WindowCenter=7, WindowWidth=7)

    def voi(center: int) -> dict[str, Sequence]:
        return {"FrameVOILUTSequence": item(WindowCenter=center, WindowWidth=9)}

    dataset.PerFrameFunctionalGroupsSequence = groups(voi(10), voi(20), {})
    centers = [recipe(tmp_path, dataset, index).voi for index in range(3)]
    assert centers == [(Window(10, 9),), (Window(20, 9),), (Window(7, 7),)]


def test_a_frame_without_windows_of_its_own_takes_the_shared_ones(tmp_path: Path) -> None:
    dataset = image()
    dataset.PerFrameFunctionalGroupsSequence = groups({"FrameVOILUTSequence": item()})
    dataset.SharedFunctionalGroupsSequence = groups(
        {"FrameVOILUTSequence": item(WindowCenter=40, WindowWidth=400)}
    )
    assert recipe(tmp_path, dataset).voi == (Window(40, 400),)


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL", "PALETTE COLOR"])
def test_colour_has_no_window(tmp_path: Path, interpretation: str) -> None:
    dataset = image(PhotometricInterpretation=interpretation, WindowCenter=40, WindowWidth=400)
    found = recipe(tmp_path, dataset)
    assert found.voi == ()
    assert found.modality == Rescale()


def test_a_real_voi_lut_is_read() -> None:
    (table,) = display_recipe(open_instance(str(pixel_file_named("vlut_04.dcm"))), 0).voi
    assert isinstance(table, LookupTable)
    assert (table.entries.size, table.first_mapped, table.bits) == (256, 0, 16)


# Inversion


@pytest.mark.parametrize(
    ("interpretation", "shape", "inverted"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_the_lowest_value_is_white_only_once(
    tmp_path: Path, interpretation: str, shape: str | None, inverted: bool
) -> None:
    dataset = image(PhotometricInterpretation=interpretation)
    if shape is not None:
        dataset.PresentationLUTShape = shape
    found = recipe(tmp_path, dataset)
    assert found.inverted is inverted
    is_contradiction = (interpretation, shape) == ("MONOCHROME1", "IDENTITY")
    assert codes(found) == ({"presentation-lut-shape"} if is_contradiction else set())


@pytest.mark.parametrize(
    ("interpretation", "shape", "inverted"),
    [("MONOCHROME1", "IDENTITY", True), ("MONOCHROME2", "INVERSE", False)],
)
@pytest.mark.parametrize(
    "sop_class",
    [
        uid.DigitalXRayImageStorageForPresentation,
        uid.DigitalMammographyXRayImageStorageForPresentation,
    ],
)
def test_an_x_ray_image_with_the_wrong_shape_follows_its_photometric_interpretation(
    tmp_path: Path, sop_class: str, interpretation: str, shape: str, inverted: bool
) -> None:
    dataset = image(SOPClassUID=sop_class, PhotometricInterpretation=interpretation)
    dataset.PresentationLUTShape = shape
    found = recipe(tmp_path, dataset)
    assert found.inverted is inverted
    assert codes(found) == {"presentation-lut-shape"}


def test_a_shape_for_printers_changes_nothing(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(PresentationLUTShape="LIN OD"))
    assert not found.inverted
    assert found.repairs == ()


# Padding


@pytest.mark.parametrize(
    ("representation", "bits_stored", "written", "value"),
    [
        (0, 16, ("US", 63536), 63536),
        (0, 16, ("SS", -2000), 63536),
        (1, 16, ("SS", -2000), -2000),
        (1, 16, ("US", 63536), -2000),
        (1, 12, ("US", 63536), -2000),
        (1, 12, ("US", 2048), -2048),
        (1, 12, ("SS", -2048), -2048),
        (1, 8, ("US", 128), -128),
    ],
)
def test_padding_has_the_sign_of_the_samples(
    tmp_path: Path, representation: int, bits_stored: int, written: tuple[str, int], value: int
) -> None:
    dataset = image(
        PixelRepresentation=representation, BitsStored=bits_stored, HighBit=bits_stored - 1
    )
    dataset.add_new("PixelPaddingValue", *written)
    assert recipe(tmp_path, dataset).padding == PaddingRange(value, value)


@pytest.mark.parametrize(("value", "limit"), [(10, 20), (20, 10)])
def test_a_padding_range_has_both_its_ends(tmp_path: Path, value: int, limit: int) -> None:
    dataset = image()
    dataset.add_new("PixelPaddingValue", "US", value)
    dataset.add_new("PixelPaddingRangeLimit", "US", limit)
    assert recipe(tmp_path, dataset).padding == PaddingRange(10, 20)


def test_floating_point_padding_has_elements_of_its_own(tmp_path: Path) -> None:
    dataset = image(1, 1, BitsAllocated=32)
    for integer_only in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, integer_only)
    dataset.FloatPixelData = bytes(4)
    dataset.FloatPixelPaddingValue = -0.5
    assert recipe(tmp_path, dataset).padding == PaddingRange(-0.5, -0.5)


# Real world values


def mapping(**elements: Any) -> Sequence:
    made = item(**elements)
    made[0].MeasurementUnitsCodeSequence = item(CodeValue="[hnsf'U]", CodingSchemeDesignator="UCUM")
    return made


def test_a_real_world_mapping_is_read_beside_the_rescale(tmp_path: Path) -> None:
    dataset = image(PixelRepresentation=1, RescaleSlope=1, RescaleIntercept=0)
    made = mapping(
        RealWorldValueSlope=0.5, RealWorldValueIntercept=-3.0, LUTLabel="T1", LUTExplanation="time"
    )
    made[0].add_new("RealWorldValueFirstValueMapped", "US", 0xFFFE)  # -2 with the wrong VR
    made[0].add_new("RealWorldValueLastValueMapped", "SS", 100)
    dataset.RealWorldValueMappingSequence = made
    found = recipe(tmp_path, dataset)
    assert found.modality == Rescale(1, 0)
    assert found.real_world == (
        RealWorldMapping(-2, 100, 0.5, -3, unit="[hnsf'U]", label="T1", explanation="time"),
    )


def test_a_real_world_table_is_read(tmp_path: Path) -> None:
    made = mapping(RealWorldValueLUTData=[0.5, 1.5, 4.5])
    made[0].add_new("RealWorldValueFirstValueMapped", "US", 10)
    made[0].add_new("RealWorldValueLastValueMapped", "US", 12)
    (found,) = recipe(tmp_path, image(RealWorldValueMappingSequence=made)).real_world
    assert (found.first, found.last, found.slope) == (10, 12, None)
    assert found.values == (0.5, 1.5, 4.5)


def test_floating_point_samples_are_mapped_between_floating_point_ends(tmp_path: Path) -> None:
    dataset = image(1, 1, BitsAllocated=32)
    for integer_only in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, integer_only)
    dataset.FloatPixelData = bytes(4)
    dataset.RealWorldValueMappingSequence = mapping(
        RealWorldValueSlope=2.0,
        RealWorldValueIntercept=0.0,
        DoubleFloatRealWorldValueFirstValueMapped=-0.5,
        DoubleFloatRealWorldValueLastValueMapped=1.5,
    )
    (found,) = recipe(tmp_path, dataset).real_world
    assert (found.first, found.last, found.slope) == (-0.5, 1.5, 2)


def test_each_frame_has_its_own_real_world_mappings(tmp_path: Path) -> None:
    dataset = image(NumberOfFrames=2, PixelData=bytes(24))

    def of_frame(*slopes: float) -> dict[str, Sequence]:
        made = [mapping(RealWorldValueSlope=slope)[0] for slope in slopes]
        return {"RealWorldValueMappingSequence": DicomSequence(made)}

    dataset.PerFrameFunctionalGroupsSequence = groups(of_frame(1, 2), of_frame(3))
    dataset.SharedFunctionalGroupsSequence = groups(of_frame(9))
    slopes = [[each.slope for each in recipe(tmp_path, dataset, n).real_world] for n in (0, 1)]
    assert slopes == [[1, 2], [3]]


def test_a_real_world_mapping_without_numbers_is_left_out_and_said(tmp_path: Path) -> None:
    found = recipe(tmp_path, image(RealWorldValueMappingSequence=mapping()))
    assert found.real_world == ()
    assert codes(found) == {"real-world-mapping"}


# Palette


def with_palette(dataset: Dataset, bits: int, entries: list[int]) -> Dataset:
    data = struct.pack(f"<{len(entries)}{'B' if bits == 8 else 'H'}", *entries)
    for offset, color in enumerate(("Red", "Green", "Blue")):
        name = f"{color}PaletteColorLookupTable"
        dataset.add_new(f"{name}Descriptor", "US", [len(entries), offset, bits])
        dataset.add_new(f"{name}Data", "OW", data)
    return dataset


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_read(tmp_path: Path, bits: int) -> None:
    dataset = with_palette(image(PhotometricInterpretation="PALETTE COLOR"), bits, [1, 2, 3, 4])
    palette = recipe(tmp_path, dataset).palette
    assert palette is not None
    for offset, table in enumerate((palette.red, palette.green, palette.blue)):
        assert (table.first_mapped, table.bits) == (offset, bits)
        assert table.entries.tolist() == [1, 2, 3, 4]


def test_palette_elements_of_a_grey_image_are_not_applied(tmp_path: Path) -> None:
    assert recipe(tmp_path, with_palette(image(), 16, [1, 2])).palette is None


def test_a_palette_that_misses_a_colour_is_none(tmp_path: Path) -> None:
    dataset = with_palette(image(PhotometricInterpretation="PALETTE COLOR"), 16, [1, 2])
    del dataset.BluePaletteColorLookupTableData
    assert recipe(tmp_path, dataset).palette is None


# The encoding makes no difference


@pytest.mark.parametrize(
    "syntax",
    [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian],
)
def test_the_encoding_of_the_file_makes_no_difference(tmp_path: Path, syntax: str) -> None:
    def dataset() -> Dataset:
        made = image(PixelRepresentation=1, RescaleSlope=1, RescaleIntercept=-10)
        made.add_new("PixelPaddingValue", "SS", -2000)
        made.ModalityLUTSequence = item(ModalityLUTType="OD")
        made.ModalityLUTSequence[0].add_new("LUTDescriptor", "SS", [3, -1, 16])
        made.ModalityLUTSequence[0].add_new("LUTData", "US", [1, 256, 65535])
        return made

    one = recipe(tmp_path, dataset())
    other = display_recipe(opened(tmp_path, part10(dataset(), syntax)), 0)
    for found in (one, other):
        assert found.padding == PaddingRange(-2000, -2000)
        assert isinstance(found.modality, LookupTable)
        assert found.modality.first_mapped == -1
        assert found.modality.entries.tolist() == [1, 256, 65535]
