"""How the samples of a file are stored: the Image Pixel Module, with what it gets wrong mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.model import PixelLayout, Repair, SampleKind

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# The element that holds the samples fixes their size (DICOM PS3.3 C.7.6.3).
_FIXED_BITS = {SampleKind.FLOAT: 32, SampleKind.DOUBLE: 64}


def read_layout(dataset: Dataset, kind: SampleKind) -> tuple[PixelLayout, tuple[Repair, ...]]:
    """Read the Image Pixel Module, with the Standard's own defaults for what is absent.

    References
    ----------
    DICOM PS3.3 C.7.6.3, Image Pixel Module.
    """
    module = _Module(dataset)
    bits_allocated = module.bits_allocated(kind)
    bits_stored = module.bits_stored(kind, bits_allocated)
    high_bit = module.high_bit(kind, bits_allocated, bits_stored)
    samples = module.whole("SamplesPerPixel", 1)
    interpretation = module.photometric_interpretation(samples)
    layout = PixelLayout(
        rows=module.whole("Rows", 0),
        columns=module.whole("Columns", 0),
        frame_count=max(module.whole("NumberOfFrames", 1), 1),
        samples_per_pixel=samples,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        pixel_representation=module.whole("PixelRepresentation", 0),
        planar_configuration=module.whole("PlanarConfiguration", 0),
        photometric_interpretation=interpretation,
        kind=kind,
    )
    return layout, tuple(module.repairs)


class _Module:
    """Reads elements and notes what it mended."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.repairs: list[Repair] = []

    def whole(self, keyword: str, default: int) -> int:
        value, found = elements.integer(self._dataset, keyword, default)
        self.repairs.extend(found)
        return value

    def bits_allocated(self, kind: SampleKind) -> int:
        fixed = _FIXED_BITS.get(kind)
        found = self.whole("BitsAllocated", fixed or 16)
        if fixed is None or found == fixed:
            return found
        self._mend("bits-allocated", "BitsAllocated", str(found), str(fixed))
        return fixed

    def bits_stored(self, kind: SampleKind, bits_allocated: int) -> int:
        found = self.whole("BitsStored", bits_allocated)
        if kind is not SampleKind.INTEGER:
            return bits_allocated
        if not 1 <= found <= bits_allocated:
            of_all = f"{found} of {bits_allocated} allocated"
            self._mend("bits-stored", "BitsStored", of_all, str(bits_allocated))
            return bits_allocated
        return found

    def high_bit(self, kind: SampleKind, bits_allocated: int, bits_stored: int) -> int:
        found = self.whole("HighBit", bits_stored - 1)
        if bits_stored - 1 <= found < bits_allocated:
            return found
        if kind is SampleKind.INTEGER:
            with_bits = f"{found} with {bits_stored} bits stored"
            self._mend("high-bit", "HighBit", with_bits, str(bits_stored - 1))
        return bits_stored - 1

    def photometric_interpretation(self, samples: int) -> str:
        keyword = "PhotometricInterpretation"
        found = elements.text(self._dataset, keyword).split("\\")[0].upper()
        interpretation = found
        if not (found and found.isascii() and found.isprintable()):
            interpretation = "RGB" if samples == 3 else "MONOCHROME2"
            absent = ascii(found) if found else "absent"
            self._mend("no-photometric-interpretation", keyword, absent, interpretation)
        if samples == 3 and interpretation.startswith("MONOCHROME"):
            with_samples = f"{interpretation} with 3 samples"
            interpretation = "RGB"
            self._mend("photometric-interpretation", keyword, with_samples, interpretation)
        if samples in (2, 4):
            taken = "the first one, as grey" if samples == 2 else "the three that are colours"
            with_samples = f"{samples} with {interpretation}"
            self._mend("samples-per-pixel", "SamplesPerPixel", with_samples, taken)
        return interpretation

    def _mend(self, code: str, keyword: str, found: str, used: str) -> None:
        self.repairs.append(Repair(code, elements.element_name(keyword), found, used))
