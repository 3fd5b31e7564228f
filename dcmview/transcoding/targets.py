"""The transfer syntaxes that files can be written in: names, limits, options.

One table. Which values a frame may have follows DICOM PS3.5 8.2, as far as the
encoders go.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from dcmview.dicom.transfer import TRANSFER_SYNTAXES, transfer_syntax
from dcmview.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcmview.dicom.transfer import TransferSyntax

MONOCHROME = frozenset({"MONOCHROME1", "MONOCHROME2"})
_COLOUR = frozenset({"RGB", "YBR_FULL"})
_INDEXED = frozenset({"PALETTE COLOR"})

# What each option may be; ratio is a float, the others are whole numbers.
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"quality": (1, 100), "ratio": (1.01, 1000), "near": (1, 255)}
)


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to encode; what a target does not know is refused by `Target.check`.

    Parameters
    ----------
    quality : int, optional
        1 to 100: the scale of libjpeg for JPEG, that of libjxl for JPEG XL, the
        peak signal-to-noise ratio in dB for JPEG 2000 and (at least) for HTJ2K.
    ratio : float, optional
        Bytes of an uncompressed frame for each byte of a compressed one.
    near : int, optional
        Largest error of a sample in near-lossless JPEG-LS.
    allow_recompress : bool, default False
        Whether what has lost already may lose again.
    prove : bool, default True
        Whether each frame is decoded again and compared.
    """

    quality: int | None = None
    ratio: float | None = None
    near: int | None = None
    allow_recompress: bool = False
    prove: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """A transfer syntax that files can be written in.

    ``lossless`` targets never lose. ``bits`` and ``samples`` are what
    *Bits Stored* (0028,0101) and *Samples per Pixel* (0028,0002) may be, and
    ``interpretations`` which *Photometric Interpretation* (0028,0004) a decoded
    frame may have, None for any. ``defaults`` holds the options that matter,
    with what is used where none is given; None where one has to be, as the
    syntax need not lose.
    """

    syntax: TransferSyntax
    keyword: str
    aliases: tuple[str, ...] = ()
    lossless: bool = True
    bits: tuple[int, int] = (1, 64)
    samples: tuple[int, ...] = (1, 2, 3, 4)
    interpretations: frozenset[str] | None = None
    takes_signed: bool = True
    takes_packed: bool = True
    """Whether samples of one bit may lie eight to a byte."""
    method: str = ""
    """Defined Term of *Lossy Image Compression Method* (0028,2114)."""
    defaults: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name for people."""
        return f"{self.syntax.name} ({self.syntax.uid})"

    def check(self, options: EncodeOptions) -> EncodeOptions:
        """Give the options with the default of this target filled in.

        Raises
        ------
        RequestError
            If an option means nothing here, is out of range, or two exclude
            each other.
        """
        given = {name: value for name in _RANGES if (value := getattr(options, name)) is not None}
        for name, value in given.items():
            if name not in self.defaults:
                takes = " or ".join(self.defaults) or "no such option"
                raise RequestError(f"{name} means nothing to {self.keyword}, which takes {takes}")
            least, most = _RANGES[name]
            if not least <= value <= most:
                raise RequestError(f"{name} is {value}; {least:g} to {most:g} can be used")
        if len(given) > 1:
            raise RequestError(f"{' and '.join(given)} exclude each other")
        used = {name: value for name, value in self.defaults.items() if value is not None}
        if given or not self.defaults:
            return options
        if not used:
            raise RequestError(
                f"{self.keyword} loses: say how much by {' or '.join(self.defaults)}, "
                f"or take {self.keyword}Lossless"
            )
        return replace(options, quality=used.get("quality"), near=used.get("near"))


def _native(uid: str, keyword: str, *aliases: str) -> Target:
    return Target(transfer_syntax(uid), keyword, aliases)


def _coded(
    uid: str,
    keyword: str,
    *aliases: str,
    bits: tuple[int, int],
    samples: tuple[int, ...] = (1, 3),
    interpretations: frozenset[str] = MONOCHROME | _COLOUR | _INDEXED,
    takes_signed: bool = True,
) -> Target:
    """A lossless codestream a frame."""
    return Target(
        transfer_syntax(uid),
        keyword,
        aliases,
        bits=bits,
        samples=samples,
        interpretations=interpretations,
        takes_signed=takes_signed,
        takes_packed=False,
    )


def _lossy(
    uid: str,
    keyword: str,
    *aliases: str,
    bits: tuple[int, int],
    method: str,
    defaults: Mapping[str, int | None],
    samples: tuple[int, ...] = (1, 3),
    interpretations: frozenset[str] = MONOCHROME | _COLOUR,
    takes_signed: bool = True,
) -> Target:
    # Of palette indices there is no near value, so none of these takes them.
    target = _coded(
        uid,
        keyword,
        *aliases,
        bits=bits,
        samples=samples,
        interpretations=interpretations,
        takes_signed=takes_signed,
    )
    return replace(target, lossless=False, method=method, defaults=defaults)


_HOW_MUCH: Mapping[str, int | None] = MappingProxyType({"ratio": None, "quality": None})
_QUALITY: Mapping[str, int | None] = MappingProxyType({"quality": 90})
_NEAR: Mapping[str, int | None] = MappingProxyType({"near": 2})

_TABLE = (
    _native("1.2.840.10008.1.2", "ImplicitVRLittleEndian", "implicit", "ile"),
    _native("1.2.840.10008.1.2.1", "ExplicitVRLittleEndian", "explicit", "raw", "ele"),
    _native("1.2.840.10008.1.2.1.99", "DeflatedExplicitVRLittleEndian", "deflated", "deflate"),
    _native("1.2.840.10008.1.2.2", "ExplicitVRBigEndian", "bigendian", "ebe"),
    Target(transfer_syntax("1.2.840.10008.1.2.5"), "RLELossless", ("rle",), bits=(1, 32)),
    _lossy(
        "1.2.840.10008.1.2.4.50",
        "JPEGBaseline8Bit",
        "jpeg",
        "jpegbaseline",
        bits=(1, 8),
        method="ISO_10918_1",
        defaults=_QUALITY,
        takes_signed=False,
    ),
    _lossy(
        "1.2.840.10008.1.2.4.51",
        "JPEGExtended12Bit",
        "jpegextended",
        "jpeg12",
        bits=(1, 12),
        samples=(1,),
        interpretations=MONOCHROME,
        method="ISO_10918_1",
        defaults=_QUALITY,
        takes_signed=False,
    ),
    _coded("1.2.840.10008.1.2.4.57", "JPEGLossless", "jpeglosslessp14", bits=(1, 16)),
    _coded("1.2.840.10008.1.2.4.70", "JPEGLosslessSV1", "jpegsv1", "ljpeg", bits=(1, 16)),
    _coded("1.2.840.10008.1.2.4.80", "JPEGLSLossless", "jpegls", "jls", bits=(2, 16)),
    _lossy(
        "1.2.840.10008.1.2.4.81",
        "JPEGLSNearLossless",
        "jpeglsnear",
        "jpeglslossy",
        bits=(2, 16),
        method="ISO_14495_1",
        defaults=_NEAR,
    ),
    _coded("1.2.840.10008.1.2.4.90", "JPEG2000Lossless", "j2k", "j2klossless", bits=(1, 24)),
    _lossy(
        "1.2.840.10008.1.2.4.91",
        "JPEG2000",
        "j2klossy",
        "jpeg2000lossy",
        bits=(1, 16),
        method="ISO_15444_1",
        defaults=_HOW_MUCH,
    ),
    _coded("1.2.840.10008.1.2.4.201", "HTJ2KLossless", "htj2kll", bits=(1, 16)),
    _coded("1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL", "htj2krpcl", "rpcl", bits=(1, 16)),
    _lossy(
        "1.2.840.10008.1.2.4.203",
        "HTJ2K",
        "htj2klossy",
        bits=(1, 16),
        method="ISO_15444_15",
        defaults=_HOW_MUCH,
    ),
    # JPEG XL has neither signed samples nor a mark for YBR_FULL.
    _coded(
        "1.2.840.10008.1.2.4.110",
        "JPEGXLLossless",
        "jxl",
        bits=(1, 16),
        interpretations=MONOCHROME | _INDEXED | {"RGB"},
        takes_signed=False,
    ),
    _lossy(
        "1.2.840.10008.1.2.4.112",
        "JPEGXL",
        "jxllossy",
        "jpegxllossy",
        bits=(1, 16),
        interpretations=MONOCHROME | {"RGB"},
        method="ISO_18181_1",
        defaults=MappingProxyType({"quality": None}),
        takes_signed=False,
    ),
    Target(
        transfer_syntax("1.2.840.10008.1.2.8.1"),
        "DeflatedImageFrameCompression",
        ("deflatedframe",),
        bits=(1, 32),
    ),
)

TARGETS = {target.syntax.uid: target for target in _TABLE}
"""By Transfer Syntax UID."""


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


_BY_NAME = {
    **{alias: target for target in _TABLE for alias in target.aliases},
    **{_plain(target.keyword): target for target in _TABLE},
}


def find_target(name: str) -> Target:
    """Find a target by its UID, its keyword in any case, or a short name.

    Raises
    ------
    RequestError
        If there is none, with names that are near.

    Examples
    --------
    >>> find_target("jpeg2000lossless").syntax.uid
    '1.2.840.10008.1.2.4.90'
    >>> find_target("1.2.840.10008.1.2.5").keyword
    'RLELossless'
    """
    found = TARGETS.get(name.strip()) or _BY_NAME.get(_plain(name))
    if found is not None:
        return found
    if known := TRANSFER_SYNTAXES.get(name.strip()):
        raise RequestError(f"{known.name} ({known.uid}) is not a syntax that can be written")
    near = difflib.get_close_matches(_plain(name), _BY_NAME, n=3)
    names = [_BY_NAME[each].keyword for each in near] or [each.keyword for each in _TABLE]
    raise RequestError(f"unknown transfer syntax {name!r}; try {', '.join(dict.fromkeys(names))}")
