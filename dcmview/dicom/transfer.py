"""The one table of transfer syntaxes: what each is called and what decodes it.

Everything that depends on a Transfer Syntax UID (0002,0010) is looked up here,
so a syntax is added in one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dcmview.errors import UnsupportedTransferSyntax


class Codec(StrEnum):
    """The family of decoders that reads the frames of a transfer syntax."""

    NATIVE = "native"
    RLE = "rle"
    DEFLATED_FRAME = "deflated_frame"
    JPEG = "jpeg"
    JPEG_LS = "jpeg_ls"
    JPEG_2000 = "jpeg_2000"
    HTJ2K = "htj2k"
    JPEG_XL = "jpeg_xl"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """What one Transfer Syntax UID says about the bytes of a file.

    ``lossy`` means that the syntax allows loss, not that an image has some.
    ``hint`` tells what would help where the frames cannot be decoded.
    """

    uid: str
    name: str
    codec: Codec
    lossy: bool = False
    encapsulated: bool = True
    little_endian: bool = True
    explicit: bool = True
    deflated: bool = False
    hint: str = ""


def _group(
    codec: Codec, names: dict[str, str], *, lossy: bool = False, hint: str = ""
) -> tuple[TransferSyntax, ...]:
    return tuple(
        TransferSyntax(uid, name, codec, lossy=lossy, hint=hint) for uid, name in names.items()
    )


_INSTALL = 'pip install "imagecodecs>=2026.3.6"'

_MPEG = {
    "1.2.840.10008.1.2.4.100": "MPEG2 Main Profile / Main Level",
    "1.2.840.10008.1.2.4.101": "MPEG2 Main Profile / High Level",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.104": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
    "1.2.840.10008.1.2.4.105": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
    "1.2.840.10008.1.2.4.106": "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
}

# DICOM PS3.6 Annex A, with the retired syntaxes.
_TABLE = (
    TransferSyntax(
        "1.2.840.10008.1.2",
        "Implicit VR Little Endian",
        Codec.NATIVE,
        encapsulated=False,
        explicit=False,
    ),
    TransferSyntax(
        "1.2.840.10008.1.2.1", "Explicit VR Little Endian", Codec.NATIVE, encapsulated=False
    ),
    TransferSyntax(
        "1.2.840.10008.1.2.1.98",
        "Encapsulated Uncompressed Explicit VR Little Endian",
        Codec.NATIVE,
    ),
    TransferSyntax(
        "1.2.840.10008.1.2.1.99",
        "Deflated Explicit VR Little Endian",
        Codec.NATIVE,
        encapsulated=False,
        deflated=True,
    ),
    TransferSyntax(
        "1.2.840.10008.1.2.2",
        "Explicit VR Big Endian",
        Codec.NATIVE,
        encapsulated=False,
        little_endian=False,
    ),
    # libjpeg-turbo reads the retired processes too, except hierarchical and
    # lossless arithmetic coding, which no known decoder reads.
    *_group(
        Codec.JPEG,
        {
            "1.2.840.10008.1.2.4.50": "JPEG Baseline (Process 1)",
            "1.2.840.10008.1.2.4.51": "JPEG Extended (Process 2 and 4)",
            "1.2.840.10008.1.2.4.52": "JPEG Extended (Process 3 and 5)",
            "1.2.840.10008.1.2.4.53": "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)",
            "1.2.840.10008.1.2.4.54": "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)",
            "1.2.840.10008.1.2.4.55": "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)",
            "1.2.840.10008.1.2.4.56": "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)",
        },
        lossy=True,
        hint=_INSTALL,
    ),
    *_group(
        Codec.JPEG,
        {
            "1.2.840.10008.1.2.4.57": "JPEG Lossless, Non-Hierarchical (Process 14)",
            "1.2.840.10008.1.2.4.70": "JPEG Lossless, First-Order Prediction (Process 14, SV 1)",
        },
        hint=_INSTALL,
    ),
    *_group(
        Codec.UNSUPPORTED,
        {
            "1.2.840.10008.1.2.4.58": "JPEG Lossless, Non-Hierarchical (Process 15)",
            "1.2.840.10008.1.2.4.65": "JPEG Lossless, Hierarchical (Process 28)",
            "1.2.840.10008.1.2.4.66": "JPEG Lossless, Hierarchical (Process 29)",
        },
        hint="no known decoder reads this retired JPEG process",
    ),
    *_group(
        Codec.UNSUPPORTED,
        {
            "1.2.840.10008.1.2.4.59": "JPEG Extended, Hierarchical (Process 16 and 18)",
            "1.2.840.10008.1.2.4.60": "JPEG Extended, Hierarchical (Process 17 and 19)",
            "1.2.840.10008.1.2.4.61": "JPEG Spectral Selection, Hierarchical (Process 20 and 22)",
            "1.2.840.10008.1.2.4.62": "JPEG Spectral Selection, Hierarchical (Process 21 and 23)",
            "1.2.840.10008.1.2.4.63": "JPEG Full Progression, Hierarchical (Process 24 and 26)",
            "1.2.840.10008.1.2.4.64": "JPEG Full Progression, Hierarchical (Process 25 and 27)",
        },
        lossy=True,
        hint="no known decoder reads this retired JPEG process",
    ),
    *_group(
        Codec.JPEG_LS,
        {"1.2.840.10008.1.2.4.80": "JPEG-LS Lossless"},
        hint=_INSTALL,
    ),
    *_group(
        Codec.JPEG_LS,
        {"1.2.840.10008.1.2.4.81": "JPEG-LS Lossy (Near-Lossless)"},
        lossy=True,
        hint=_INSTALL,
    ),
    *_group(
        Codec.JPEG_2000,
        {
            "1.2.840.10008.1.2.4.90": "JPEG 2000 (Lossless Only)",
            "1.2.840.10008.1.2.4.92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
        },
        hint=_INSTALL,
    ),
    *_group(
        Codec.JPEG_2000,
        {
            "1.2.840.10008.1.2.4.91": "JPEG 2000",
            "1.2.840.10008.1.2.4.93": "JPEG 2000 Part 2 Multi-component",
        },
        lossy=True,
        hint=_INSTALL,
    ),
    *_group(
        Codec.UNSUPPORTED,
        {
            "1.2.840.10008.1.2.4.94": "JPIP Referenced",
            "1.2.840.10008.1.2.4.95": "JPIP Referenced Deflate",
            "1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
            "1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
        },
        hint="the pixels are on the server named by Pixel Data Provider URL (0028,7FE0)",
    ),
    *_group(
        Codec.UNSUPPORTED,
        {
            **_MPEG,
            **{f"{uid}.1": f"Fragmentable {name}" for uid, name in _MPEG.items()},
            "1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile / Level 5.1",
            "1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile / Level 5.1",
        },
        lossy=True,
        hint="video streams are not decoded",
    ),
    *_group(
        Codec.JPEG_XL,
        {"1.2.840.10008.1.2.4.110": "JPEG XL Lossless"},
        hint=_INSTALL,
    ),
    *_group(
        Codec.JPEG_XL,
        {
            "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
            "1.2.840.10008.1.2.4.112": "JPEG XL",
        },
        lossy=True,
        hint=_INSTALL,
    ),
    *_group(
        Codec.HTJ2K,
        {
            "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000 (Lossless Only)",
            "1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000 RPCL (Lossless Only)",
        },
        hint=_INSTALL,
    ),
    *_group(
        Codec.HTJ2K,
        {"1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000"},
        lossy=True,
        hint=_INSTALL,
    ),
    *_group(
        Codec.RLE,
        {"1.2.840.10008.1.2.5": "RLE Lossless"},
    ),
    *_group(
        Codec.UNSUPPORTED,
        {
            "1.2.840.10008.1.2.6.1": "RFC 2557 MIME Encapsulation",
            "1.2.840.10008.1.2.6.2": "XML Encoding",
            "1.2.840.10008.1.2.7.1": "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
            "1.2.840.10008.1.2.7.2": "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
            "1.2.840.10008.1.2.7.3": "SMPTE ST 2110-30 PCM Digital Audio",
            "1.2.840.10008.1.20": "Papyrus 3 Implicit VR Little Endian",
        },
        hint="not an encoding of images in files",
    ),
    *_group(
        Codec.DEFLATED_FRAME,
        {"1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression"},
    ),
)

TRANSFER_SYNTAXES = {syntax.uid: syntax for syntax in _TABLE}


def transfer_syntax(uid: str) -> TransferSyntax:
    """Look up a Transfer Syntax UID (0002,0010).

    Never raises, so that the header of any file can be listed: a UID that the
    table does not know gives an unsupported syntax of this UID.
    """
    return TRANSFER_SYNTAXES.get(uid) or TransferSyntax(
        uid,
        "unknown",
        Codec.UNSUPPORTED,
        hint="rewrite the file in a transfer syntax of DICOM PS3.6",
    )


def require_supported(syntax: TransferSyntax) -> None:
    """Raise `UnsupportedTransferSyntax` where no decoder reads this syntax.

    The message begins ``unsupported transfer syntax: <uid>``, on which scripts
    rely, followed by the name of the syntax and what would help.
    """
    if syntax.codec is Codec.UNSUPPORTED:
        raise UnsupportedTransferSyntax(
            f"unsupported transfer syntax: {syntax.uid} ({syntax.name}); {syntax.hint}",
            transfer_syntax_uid=syntax.uid,
        )
