"""Standardised uptake values of PET images, where the file says all that they need.

Follows the vendor-neutral way of the Quantitative Imaging Biomarkers Alliance:
what is missing, contradicts itself or cannot be right gives no SUV, and the reason.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.model import Suv

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_UNIT = "g/ml"
# SUV Type (0054,1006); absent means body weight (PS3.3 C.8.9.1).
_KINDS = {
    "": "SUVbw",
    "BW": "SUVbw",
    "BSA": "SUVbsa",
    "IBW": "SUVibw",
    "LBM": "SUVlbm",
    "LBMJANMA": "SUVlbm",
    "LBMJAMES128": "SUVlbm",
}

# Beyond these a number has another unit than the Standard's, or is none.
_WEIGHT_KG = (0.001, 700.0)
_DOSE_BQ = (1e4, 1e12)
_HALF_LIFE_S = (1.0, 1e10)
MOST_HALF_LIVES = 10.0
"""After as many a thousandth is left: the times are those of different days."""
LATEST_INJECTION_S = 600.0
"""In a dynamic study the injection may follow the start of the scan."""

_FRAME_TIMES = ("FrameReferenceTime", "ActualFrameDuration")
_PHILIPS_SUV = 0x00
_PHILIPS_FACTORS = ((_PHILIPS_SUV, "SUV Scale Factor"), (0x09, "Activity Concentration Factor"))

_DATE_TIME = re.compile(
    r"(?P<day>\d{8})(?P<time>\d{2}(\d{2}(\d{2}(\.\d{0,6})?)?)?)(?P<zone>[+-]\d{4})?"
)
_ZONE = re.compile(r"[+-]\d{4}")


class _NoSuv(Exception):
    """Why there is none."""


def read_suv(dataset: Dataset) -> tuple[Suv | None, str]:
    """Read what makes a standardised uptake value of a modality value.

    Parameters
    ----------
    dataset : Dataset
        Of an image with grey values.

    Returns
    -------
    tuple of Suv or None, and str
        For PET images without one the reason; empty for all others.

    References
    ----------
    DICOM PS3.3 C.8.9.1, PET Series Module.
    DICOM PS3.3 C.8.9.2, PET Isotope Module.
    DICOM PS3.3 C.8.9.4, PET Image Module.
    """
    if elements.text(dataset, "Modality") != "PT":
        return None, ""
    try:
        return _suv(dataset), ""
    except _NoSuv as exc:
        return None, str(exc)


def _suv(dataset: Dataset) -> Suv:
    units = elements.text(dataset, "Units").upper()
    if units == "GML":
        suv_type = elements.text(dataset, "SUVType").upper()
        if suv_type not in _KINDS:
            raise _NoSuv(f"{_name('SUVType')} is not one of the Standard")
        used = ("Units", "SUVType") if suv_type else ("Units",)
        return Suv(1.0, _KINDS[suv_type], _UNIT, "", tuple(map(_name, used)))
    if units == "BQML":
        return _from_activity(dataset, 1.0, (_name("Units"),))
    if units == "CNTS":
        return _from_counts(dataset)
    found = f"{units[:16]}, neither BQML nor GML" if units else "absent"
    raise _NoSuv(f"{_name('Units')} is {found}")


def _from_counts(dataset: Dataset) -> Suv:
    """Philips stores counts, with a factor that makes SUVs or Bq/ml of them."""
    for number, words in _PHILIPS_FACTORS:
        text = _private_text(dataset, 0x7053, "Philips PET Private Group", number)
        try:
            factor = float(text)
        except ValueError:
            continue
        if not (math.isfinite(factor) and factor > 0):
            continue
        used = (_name("Units"), f"(7053,10{number:02X}) {words}")
        if number == _PHILIPS_SUV:
            return Suv(factor, "SUVbw", _UNIT, "", used)
        return _from_activity(dataset, factor, used)
    raise _NoSuv(f"{_name('Units')} is CNTS, and there is no factor that makes Bq/ml of counts")


def _from_activity(dataset: Dataset, bqml_factor: float, used: tuple[str, ...]) -> Suv:
    items = Place(dataset).items("RadiopharmaceuticalInformationSequence")
    if len(items) != 1:
        count = "absent" if not items else f"about {len(items)} radiopharmaceuticals"
        raise _NoSuv(f"{_name('RadiopharmaceuticalInformationSequence')} is {count}")
    tracer = items[0].dataset
    corrected = elements.text(dataset, "CorrectedImage").upper().split("\\")
    for spellings in (("ATTN",), ("DECY", "DECAY")):
        if not set(spellings) & set(corrected):
            raise _NoSuv(f"{_name('CorrectedImage')} does not say {spellings[0]}")
    weight_kg = _measured(dataset, "PatientWeight", _WEIGHT_KG, "kg")
    dose_bq = _measured(tracer, "RadionuclideTotalDose", _DOSE_BQ, "Bq")
    keywords = ["PatientWeight", "RadionuclideTotalDose", "DecayCorrection"]
    correction = elements.text(dataset, "DecayCorrection").upper()
    if correction == "ADMIN":
        reference = "administration"
    elif correction == "START":
        half_life_s = _measured(tracer, "RadionuclideHalfLife", _HALF_LIFE_S, "s")
        scan, reference, of_scan = _scan_start(dataset, half_life_s)
        decay_s, of_injection = _decay_time(dataset, tracer, scan, half_life_s)
        dose_bq *= 2 ** (-decay_s / half_life_s)
        keywords += ["RadionuclideHalfLife", *of_scan, of_injection]
    else:
        found = correction[:16] or "absent"
        raise _NoSuv(f"{_name('DecayCorrection')} is {found}, neither START nor ADMIN")
    factor = bqml_factor * weight_kg * 1000 / dose_bq
    return Suv(factor, "SUVbw", _UNIT, reference, (*used, *map(_name, keywords)))


def _measured(dataset: Dataset, keyword: str, limits: tuple[float, float], unit: str) -> float:
    value = elements.number(dataset, keyword)[0]
    if value is None:
        raise _NoSuv(f"{_name(keyword)} is absent")
    if not limits[0] <= value <= limits[1]:
        raise _NoSuv(f"{_name(keyword)} is {value:.6g} {unit}, which cannot be right")
    return value


def _scan_start(dataset: Dataset, half_life_s: float) -> tuple[datetime, str, tuple[str, ...]]:
    """The time to which START corrects, in words too, and what it was taken from.

    Series Time is that of the scan only where it is not after the acquisition:
    processing may rewrite it. Then it is computed back from the frame.
    """
    series = _moment(dataset, "SeriesDate", "SeriesTime")
    acquisition = _moment(dataset, "AcquisitionDate", "AcquisitionTime")
    used: tuple[str, ...]
    if acquisition is None:
        raise _NoSuv(f"{_name('AcquisitionDate')} or {_name('AcquisitionTime')} is absent")
    if series is not None and series <= acquisition:
        scan, words = series, "Series Date and Time"
        used = ("SeriesDate", "SeriesTime")
    else:
        scan_of_ge = _parsed(_private_text(dataset, 0x0009, "GEMS_PETD_01", 0x0D), dataset)
        if scan_of_ge is not None:
            scan, words, used = scan_of_ge, "scan date and time of GE", ()
        else:
            scan = acquisition - timedelta(seconds=_since_scan_start(dataset, half_life_s))
            words = "scan start, from Frame Reference Time"
            used = ("AcquisitionDate", "AcquisitionTime", *_FRAME_TIMES)
    nearest = scan + timedelta(microseconds=500_000)
    return scan, f"{words}: {nearest.isoformat(' ', 'seconds')}", used


def _since_scan_start(dataset: Dataset, half_life_s: float) -> float:
    """From the start of the scan to that of this frame.

    Frame Reference Time (0054,1300) counts from the start of the scan to when
    the count rate of the frame is its mean, a little before its middle.
    """
    reference_ms = elements.number(dataset, "FrameReferenceTime")[0]
    duration_ms = elements.number(dataset, "ActualFrameDuration")[0]
    if not reference_ms or not duration_ms or reference_ms <= 0 or duration_ms <= 0:
        raise _NoSuv(
            f"{_name('SeriesTime')} is after the acquisition, and without"
            f" {_name('FrameReferenceTime')} and {_name('ActualFrameDuration')}"
            " the start of the scan is not known"
        )
    decay_rate = math.log(2) / half_life_s
    decays = decay_rate * duration_ms / 1000
    # -expm1 keeps its digits where a frame is short beside the half life.
    mean_rate_s = math.log(decays / -math.expm1(-decays)) / decay_rate
    return reference_ms / 1000 - mean_rate_s


def _decay_time(
    dataset: Dataset, tracer: Dataset, scan: datetime, half_life_s: float
) -> tuple[float, str]:
    """Seconds from the injection to the start of the scan, and what tells the injection."""
    keyword = "RadiopharmaceuticalStartDateTime"
    start = _parsed(elements.text(tracer, keyword), dataset)
    if start is not None:
        decay_s = (scan - start).total_seconds()
    else:
        keyword = "RadiopharmaceuticalStartTime"
        start = _parsed(f"{scan:%Y%m%d}{_plain_time(elements.text(tracer, keyword))}", dataset)
        if start is None:
            raise _NoSuv(f"{_name(keyword)} is absent")
        decay_s = (scan - start).total_seconds()
        if decay_s < -LATEST_INJECTION_S:
            decay_s += timedelta(days=1).total_seconds()  # injected before midnight
    if not -LATEST_INJECTION_S <= decay_s <= MOST_HALF_LIVES * half_life_s:
        raise _NoSuv(f"{_name(keyword)} is {decay_s:,.0f} s before the scan, which cannot be right")
    return decay_s, keyword


def _moment(dataset: Dataset, date: str, time: str) -> datetime | None:
    day = elements.text(dataset, date).replace(".", "")
    return _parsed(day + _plain_time(elements.text(dataset, time)), dataset)


def _plain_time(text: str) -> str:
    return text.replace(":", "")  # as ACR-NEMA wrote it


def _parsed(text: str, dataset: Dataset) -> datetime | None:
    """A DT value in the time zone of the data set; None where day or hour is missing."""
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    digits = match["time"].replace(".", "").ljust(12, "0")
    try:
        moment = datetime.strptime(match["day"] + digits, "%Y%m%d%H%M%S%f")  # noqa: DTZ007
        if match["zone"] is not None:
            own = elements.text(dataset, "TimezoneOffsetFromUTC")
            if _ZONE.fullmatch(own):
                moment += _offset(own) - _offset(match["zone"])
    except (ValueError, OverflowError):
        return None
    return moment


def _offset(zone: str) -> timedelta:
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))


def _private_text(dataset: Dataset, group: int, creator: str, number: int) -> str:
    try:
        block = dataset.private_block(group, creator)
        value = block[number].value
    except Exception:  # absent, or a damaged element, which pydicom cannot convert
        return ""
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip("\0 ")


def _name(keyword: str) -> str:
    return elements.element_name(keyword)
