"""Content codings: what the client undoes and what is quickest here."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request

LEAST_BYTES = 1_400
"""What fits one packet is sent as it is."""

_LEVEL = 1
_GZIP_WBITS = 31
_QUALITY = re.compile(r"q *= *([01](?:\.[0-9]{0,3})?)")


def coding_for(request: Request) -> str | None:
    """Choose ``gzip`` or ``zstd`` by Accept-Encoding, gzip where the client has no preference.

    gzip costs as little here, and zstd has to be loaded first.
    """
    weights = _weights(request)
    best = max(weights, key=lambda coding: weights[coding])
    return best if weights[best] > 0 else None


def accepts_gzip(request: Request) -> bool:
    """Whether the client undoes ``Content-Encoding: gzip``."""
    return _weights(request)["gzip"] > 0


def _weights(request: Request) -> dict[str, float]:
    weights = {"gzip": 0.0, "zstd": 0.0}
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in weights:
            match = _QUALITY.search(parameters)
            weights[coding.strip()] = float(match[1]) if match else 1.0
    return weights


def compress(content: bytes, coding: str) -> bytes:
    """Compress a whole body."""
    if coding == "zstd":
        from imagecodecs import zstd_encode

        return bytes(zstd_encode(content, level=_LEVEL))
    compressor = gzip_compressor()
    packed: bytes = compressor.compress(content) + compressor.flush()
    return packed


def gzip_compressor() -> Any:
    """Give an object with ``compress`` and ``flush`` of the fastest zlib at hand."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WBITS)
    return isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WBITS)
