"""What an encoder is told of the samples that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dcmview.transcoding.targets import EncodeOptions, Target

Samples: TypeAlias = "NDArray[np.integer[Any]]"
"""Shape (rows, columns) or (rows, columns, samples)."""
Content: TypeAlias = "bytes | bytearray"


@dataclass(frozen=True, slots=True)
class Coding:
    """How the samples of a file are coded.

    ``bits`` is *Bits Stored*, ``cell_bits`` *Bits Allocated*.
    ``interpretation`` names the colours of the samples that are given, not
    those in the codestream.
    """

    bits: int
    cell_bits: int
    is_signed: bool
    interpretation: str
    target: Target
    options: EncodeOptions

    @property
    def lossless(self) -> bool:
        return self.target.lossless

    @property
    def is_rpcl(self) -> bool:
        return self.target.keyword == "HTJ2KLosslessRPCL"
