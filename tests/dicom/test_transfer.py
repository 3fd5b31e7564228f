from __future__ import annotations

import pytest
from pydicom.uid import UID_dictionary

from dcmview.dicom.transfer import (
    TRANSFER_SYNTAXES,
    Codec,
    require_supported,
    transfer_syntax,
)
from dcmview.errors import UnsupportedTransferSyntax


def test_every_transfer_syntax_of_the_dictionary_is_known() -> None:
    registered = {uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"}
    assert registered <= TRANSFER_SYNTAXES.keys()


@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.1.2.4.100",
        "1.2.840.10008.1.2.4.102.1",
        "1.2.840.10008.1.2.4.94",
        "1.2.840.10008.1.2.4.66",
        "1.2.3.4",
        "",
    ],
)
def test_unsupported_syntaxes_are_refused_by_their_uid(uid: str) -> None:
    with pytest.raises(UnsupportedTransferSyntax) as caught:
        require_supported(transfer_syntax(uid))
    assert caught.value.message.startswith(f"unsupported transfer syntax: {uid} (")
    assert caught.value.code == "unsupported_transfer_syntax"


def test_only_uncompressed_syntaxes_are_not_encapsulated() -> None:
    native = [s for s in TRANSFER_SYNTAXES.values() if not s.encapsulated]
    assert {s.codec for s in native} == {Codec.NATIVE}
    assert {s.uid for s in native if not s.little_endian} == {"1.2.840.10008.1.2.2"}
    assert {s.uid for s in native if not s.explicit} == {"1.2.840.10008.1.2"}
    assert {s.uid for s in native if s.deflated} == {"1.2.840.10008.1.2.1.99"}
