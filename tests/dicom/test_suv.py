"""SUVs by hand: a half life and a wait of one hour each, so that half the dose is left."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import image, item

from dcmview.dicom.suv import read_suv
from dcmview.model import Suv

# 70 kg and 370 MBq, of which 185 MBq are left: 70,000 g / 185e6 Bq.
HALF_LEFT = 70_000 / 185e6
ALL_LEFT = 70_000 / 370e6

TRACER = {
    "RadionuclideHalfLife": 3600,
    "RadionuclideTotalDose": 370e6,
    "RadiopharmaceuticalStartTime": "090000",
}


def pet(*, tracer: dict[str, Any] | None = None, **elements: Any) -> Dataset:
    """A PET image of 370 MBq given at 9:00 to 70 kg and scanned from 10:00."""
    values = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["NORM", "ATTN", "SCAT", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": 70,
        "SeriesDate": "20240229",
        "SeriesTime": "100000",
        "AcquisitionDate": "20240229",
        "AcquisitionTime": "100500",
        "RadiopharmaceuticalInformationSequence": item(**{**TRACER, **(tracer or {})}),
        **elements,
    }
    return image(**{name: value for name, value in values.items() if value is not None})


def suv(**elements: Any) -> Suv:
    found, note = read_suv(pet(**elements))
    assert note == ""
    assert found is not None
    return found


def reason(**elements: Any) -> str:
    found, note = read_suv(pet(**elements))
    assert found is None
    return note


def test_the_dose_is_decayed_to_the_start_of_the_series():
    found = suv()
    assert found.factor == pytest.approx(HALF_LEFT)
    assert (found.kind, found.unit) == ("SUVbw", "g/ml")
    assert found.decay_reference == "Series Date and Time: 2024-02-29 10:00:00"
    assert "(0018,1074) Radionuclide Total Dose" in found.elements
    assert "(0018,1072) Radiopharmaceutical Start Time" in found.elements


def test_values_corrected_to_the_administration_need_no_times():
    tracer = {"RadiopharmaceuticalStartTime": "", "RadionuclideHalfLife": ""}
    found = suv(DecayCorrection="ADMIN", SeriesTime=None, AcquisitionTime=None, tracer=tracer)
    assert found.factor == pytest.approx(ALL_LEFT)
    assert found.decay_reference == "administration"


def test_an_injection_before_midnight_was_the_day_before():
    found = suv(
        SeriesTime="003000",
        AcquisitionTime="003100",
        tracer={"RadiopharmaceuticalStartTime": "233000.00"},
    )
    assert found.factor == pytest.approx(HALF_LEFT)


def test_a_start_with_its_date_goes_before_one_without():
    found = suv(
        SeriesDate="20240301",
        AcquisitionDate="20240301",
        SeriesTime="001500",
        AcquisitionTime="001600",
        tracer={
            "RadiopharmaceuticalStartDateTime": "20240229231500.000000",
            "RadiopharmaceuticalStartTime": "120000",
        },
    )
    assert found.factor == pytest.approx(HALF_LEFT)


def test_a_start_in_another_time_zone_is_brought_into_that_of_the_scan():
    found = suv(
        TimezoneOffsetFromUTC="+0200",
        tracer={"RadiopharmaceuticalStartDateTime": "20240229070000+0000"},
    )
    assert found.factor == pytest.approx(HALF_LEFT)


def test_a_rewritten_series_time_is_passed_over_for_the_time_of_the_frame():
    """The mean rate of a frame of one half life comes ln(2 ln 2) / ln 2 hours after its start."""
    found = suv(
        SeriesTime="180000",
        AcquisitionTime="103000",
        ActualFrameDuration=3_600_000,
        FrameReferenceTime=1_800_000 + 1_696_441.3,
    )
    assert found.factor == pytest.approx(HALF_LEFT, rel=1e-6)
    assert found.decay_reference == "scan start, from Frame Reference Time: 2024-02-29 10:00:00"


def test_a_rewritten_series_time_is_passed_over_for_that_of_the_scanner():
    dataset = pet(SeriesTime="180000")
    dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(
        0x0D, "DT", "20240229100000.00"
    )
    found, _ = read_suv(dataset)
    assert found is not None
    assert found.factor == pytest.approx(HALF_LEFT)


def test_a_dynamic_scan_may_begin_before_the_injection():
    found = suv(tracer={"RadiopharmaceuticalStartTime": "100200"})
    assert found.factor == pytest.approx(70_000 / (370e6 * 2 ** (120 / 3600)))


def test_values_that_are_suvs_stay_as_they_are():
    assert suv(Units="GML") == Suv(1.0, "SUVbw", "g/ml", "", ("(0054,1001) Units",))
    lean = suv(Units="GML", SUVType="LBMJANMA")
    assert (lean.factor, lean.kind) == (1.0, "SUVlbm")


def philips(number: int, value: str) -> Dataset:
    dataset = pet(Units="CNTS")
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(number, "DS", value)
    return dataset


def test_counts_of_philips_become_suvs_by_its_private_factor():
    found, _ = read_suv(philips(0x00, "0.000551"))
    assert found is not None
    assert found.factor == 0.000551
    assert found.elements == ("(0054,1001) Units", "(7053,1000) SUV Scale Factor")


def test_counts_of_philips_become_activity_and_then_suvs():
    found, _ = read_suv(philips(0x09, "1.5"))
    assert found is not None
    assert found.factor == pytest.approx(1.5 * HALF_LEFT)


def test_a_factor_of_nothing_is_none():
    assert read_suv(philips(0x00, "0")) == (
        None,
        "(0054,1001) Units is CNTS, and there is no factor that makes Bq/ml of counts",
    )


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"Units": None}, "(0054,1001) Units is absent"),
        ({"Units": "PROPCNTS"}, "PROPCNTS, neither BQML nor GML"),
        ({"Units": "GML", "SUVType": "OTHER"}, "(0054,1006) SUV Type"),
        ({"RadiopharmaceuticalInformationSequence": None}, "Sequence is absent"),
        (
            {"RadiopharmaceuticalInformationSequence": Sequence([Dataset(), Dataset()])},
            "about 2 radiopharmaceuticals",
        ),
        ({"CorrectedImage": ["DECY"]}, "does not say ATTN"),
        ({"CorrectedImage": ["ATTN"]}, "does not say DECY"),
        ({"DecayCorrection": "NONE"}, "is NONE, neither START nor ADMIN"),
        ({"PatientWeight": None}, "Patient's Weight is absent"),
        ({"PatientWeight": 0}, "Patient's Weight is 0 kg, which cannot be right"),
        ({"PatientWeight": 70_000}, "70000 kg"),
        ({"tracer": {"RadionuclideTotalDose": 370}}, "370 Bq, which cannot be right"),
        ({"tracer": {"RadionuclideTotalDose": ""}}, "Radionuclide Total Dose is absent"),
        ({"tracer": {"RadionuclideHalfLife": 0}}, "Radionuclide Half Life is 0 s"),
        ({"tracer": {"RadiopharmaceuticalStartTime": ""}}, "Start Time is absent"),
        (
            {"tracer": {"RadiopharmaceuticalStartDateTime": "20230228090000"}},
            "s before the scan, which cannot be right",
        ),
        ({"SeriesTime": "180000"}, "the start of the scan is not known"),
        ({"AcquisitionTime": None}, "Acquisition Time is absent"),
        ({"AcquisitionDate": "20230230"}, "Acquisition Date or"),
    ],
)
def test_what_is_missing_or_cannot_be_right_is_the_reason(elements, words):
    assert words in reason(**elements)


def test_other_images_have_neither_suv_nor_a_reason():
    assert read_suv(pet(Modality="NM")) == (None, "")
